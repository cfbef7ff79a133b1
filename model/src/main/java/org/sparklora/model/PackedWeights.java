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
 * with, where it has one and memory is not too dear for them, else the weights themselves. The
 * copies are its own until it is closed: those of frozen weights are made once, those of trained
 * ones for each parameter vector.
 *
 * <p>Not thread-safe.
 */
final class PackedWeights implements AutoCloseable {
  /**
   * What all copies may take where products are float32, which nobody chose for its speed: up to
   * two billion parameters.
   */
  static final long MOST_BESIDE_FLOAT32 = 4L << 30;

  private final Engine engine;
  private final boolean packs;
  private final Map<Tensor, Tensor> frozen = new IdentityHashMap<>(); // each weight's copy
  private final List<Tensor> trained = new ArrayList<>();

  /**
   * @param packs false where there are to be no copies
   */
  PackedWeights(Engine engine, boolean packs) {
    this.engine = engine;
    this.packs = packs;
  }

  /**
   * A weight that no gradient is computed of, as products of few rows read it fastest.
   *
   * @param isFrozen whether it is the same tensor each time and never changes
   */
  Weight of(Weight weight, boolean isFrozen) {
    if (!packs || !engine.packsWeights(weight.value().dtype())) {
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
