package org.sparklora.model.layer;

import java.util.function.IntFunction;
import org.sparklora.model.engine.AttentionMask;
import org.sparklora.model.engine.tensor.Indices;

/**
 * The tokens of one pass: their rotation, the keys they see, and the cache that keeps their own
 * keys and values, if any.
 *
 * @param tokens token ids, {@code (N)}
 * @param masks by the window of layers, the keys that each token sees there
 * @param positions for each token the row of its position in the rotary tables, {@code (N)}
 */
public record TokenPlaces(
    Indices tokens,
    IntFunction<AttentionMask> masks,
    Indices positions,
    RotaryEmbedding.Tables rotary,
    Cache cache) {

  /** Keeps the keys and values of a pass for later ones. */
  public interface Cache {
    /**
     * Stores a layer's keys and values of the pass's tokens, {@code (N, K·D)}; returns those that
     * attention reads, as the masks say.
     */
    KeyValues keep(int layer, int window, KeyValues own);
  }
}
