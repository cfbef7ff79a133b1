package org.sparklora.model.layer;

import java.util.List;
import org.sparklora.model.engine.AttentionMask;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.tensor.Indices;
import org.sparklora.model.engine.tensor.Tensor;

/**
 * The tokens of one pass: their positions, the keys they see, and the cache slots of their own keys
 * and values, if these are kept.
 *
 * @param tokens token ids, {@code (N)}
 * @param mask the keys that each token sees
 * @param positions position of each token in its text, {@code (N)}
 * @param rotary the angles of these positions
 * @param cache the caches of all layers; empty if nothing is kept
 * @param slots cache slots for the tokens' own keys and values, {@code (N)}; unused without a cache
 * @param seesCache whether the mask's keys are cache slots instead of the pass's own tokens
 */
public record TokenPlaces(
    Indices tokens,
    AttentionMask mask,
    Indices positions,
    RotaryEmbedding.Tables rotary,
    List<KeyValues> cache,
    Indices slots,
    boolean seesCache) {

  /** The tokens of a pass without a cache. */
  public TokenPlaces(
      Indices tokens, AttentionMask mask, Indices positions, RotaryEmbedding.Tables rotary) {
    this(tokens, mask, positions, rotary, List.of(), positions, false);
  }

  /**
   * Stores a layer's keys and values in the cache, if any; returns those that attention reads.
   *
   * @param k rotated keys, {@code (N, K·D)}
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
