package org.sparklora.model;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.layer.Weight;

/**
 * The weights of linear layers for decoding: copies in the layout with which an engine computes few
 * rows fastest, if it has one for their type, else the weights themselves. This object owns the
 * copies: frozen weights are copied once, trained ones for each parameter vector.
 *
 * <p>Not thread-safe.
 */
final class PackedWeights implements AutoCloseable {
  /**
   * Bytes that all copies may take beside float32 products, whose users chose precision over speed:
   * enough for two billion parameters.
   */
  static final long MOST_BESIDE_FLOAT32 = 4L << 30;

  private final Engine engine;
  private final Map<Tensor, Tensor> frozen = new IdentityHashMap<>(); // weight → its copy
  private final List<Tensor> trained = new ArrayList<>();

  PackedWeights(Engine engine) {
    this.engine = engine;
  }

  /**
   * The weight, or the copy that products of few rows read fastest; without a gradient if copied.
   *
   * @param isFrozen whether the weight is the same tensor in each call and never changes
   */
  Weight of(Weight weight, boolean isFrozen) {
    if (!engine.packsWeights(weight.value().dtype())) {
      return weight;
    }
    if (isFrozen) {
      return Weight.frozen(frozen.computeIfAbsent(weight.value(), engine::packed));
    }
    Tensor copy = engine.packed(weight.value());
    trained.add(copy);
    return Weight.frozen(copy);
  }

  /** Frees the copies of weights that change with the parameters. */
  void forgetTrained() {
    trained.forEach(Tensor::close);
    trained.clear();
  }

  @Override
  public void close() {
    forgetTrained();
    frozen.values().forEach(Tensor::close);
    frozen.clear();
  }
}
