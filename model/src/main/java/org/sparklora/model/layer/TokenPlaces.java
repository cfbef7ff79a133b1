package org.sparklora.model.layer;

import java.util.List;
import java.util.Optional;
import org.sparklora.model.engine.AttentionMask;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.tensor.Indices;
import org.sparklora.model.engine.tensor.Tensor;

/**
 * The tokens of one pass: their positions, the keys they see, and the cache that keeps their own
 * keys and values, if any.
 *
 * @param tokens token ids, {@code (N)}
 * @param mask the keys that each token sees
 * @param positions position of each token in its text, {@code (N)}
 * @param rotary the angles of these positions
 * @param cache keeps the tokens' own keys and values; empty if nothing is kept
 */
public record TokenPlaces(
    Indices tokens,
    AttentionMask mask,
    Indices positions,
    RotaryEmbedding.Tables rotary,
    Optional<KvCache> cache) {

  /**
   * The cache of keys and values that a pass adds to.
   *
   * @param layers the cache of each layer
   * @param slots where the tokens' own keys and values are kept, {@code (N)}
   * @param seen whether the mask's keys are cache slots instead of the pass's own tokens
   */
  public record KvCache(List<KeyValues> layers, Indices slots, boolean seen) {}

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
    KvCache own = cache.get();
    KeyValues kept = own.layers.get(layer);
    engine.putRows(k, own.slots, kept.keys());
    engine.putRows(v, own.slots, kept.values());
    return own.seen ? kept : new KeyValues(k, v);
  }
}
