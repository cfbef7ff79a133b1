package org.sparklora.model.layer;

import java.util.List;
import org.sparklora.model.engine.AttentionMask;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Indices;
import org.sparklora.model.engine.Tensor;

/**
 * The tokens of one pass: where they stand, whom they see, and whether their keys and values are
 * kept.
 *
 * @param tokens their ids, {@code (N)}
 * @param mask who sees whom
 * @param positions of each token in its text, {@code (N)}
 * @param rotary the angles of these positions
 * @param cache of each layer; empty if nothing is kept
 * @param slots of the cache, where the tokens' own keys and values go, {@code (N)}; unused without
 *     one
 * @param seesCache whether the mask speaks of slots of the cache, and not of the pass's own tokens
 */
public record TokenPlaces(
    Indices tokens,
    AttentionMask mask,
    Indices positions,
    RotaryEmbedding.Tables rotary,
    List<KeyValues> cache,
    Indices slots,
    boolean seesCache) {

  /** Of a pass that keeps nothing. */
  public TokenPlaces(
      Indices tokens, AttentionMask mask, Indices positions, RotaryEmbedding.Tables rotary) {
    this(tokens, mask, positions, rotary, List.of(), positions, false);
  }

  /**
   * Keeps what a layer computed if there is a cache; returns what the layer's attention reads.
   *
   * @param k rotated, {@code (N, K·D)}
   * @param v {@code (N, K·D)}
   */
  KeyValues keep(Engine engine, int layer, Tensor k, Tensor v) {
    if (cache.isEmpty()) {
      return new KeyValues(k, v);
    }
    KeyValues kept = cache.get(layer);
    engine.putRows(k, slots, kept.keys());
    engine.putRows(v, slots, kept.values());
    return seesCache ? kept : new KeyValues(k, v);
  }
}
