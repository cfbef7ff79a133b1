package org.sparklora.model;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Tensor;
import org.sparklora.model.layer.Weight;

/**
 * The weights of linear layers for decoding: copies in the layout that an engine computes few rows
 * with, where it has one, else the weights themselves. The copies are its own until it is closed:
 * those of frozen weights are made once, those of trained ones for each parameter vector.
 *
 * <p>Not thread-safe.
 */
final class PackedWeights implements AutoCloseable {
  private final Engine engine;
  private final Map<Tensor, Tensor> frozen = new IdentityHashMap<>(); // each weight's copy
  private final List<Tensor> trained = new ArrayList<>();

  PackedWeights(Engine engine) {
    this.engine = engine;
  }

  /**
   * A weight that no gradient is computed of, as products of few rows read it fastest.
   *
   * @param isFrozen whether it is the same tensor each time and never changes
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

  /** Memory of the copies of frozen weights, but for what rounds them up to whole blocks. */
  long bytes() {
    return frozen.values().stream().mapToLong(copy -> copy.size() * copy.dtype().bytes()).sum();
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
