package org.sparklora.model;

import java.util.ArrayList;
import java.util.List;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Tensor;
import org.sparklora.model.layer.Weight;

/**
 * The weights of linear layers for decoding: copies in the layout that an engine computes few rows
 * with, where it has one, else the weights themselves. The copies are its own until it is closed.
 *
 * <p>Not thread-safe.
 */
final class PackedWeights implements AutoCloseable {
  private final Engine engine;
  private final List<Tensor> copies = new ArrayList<>();

  PackedWeights(Engine engine) {
    this.engine = engine;
  }

  /** A weight that no gradient is computed of, as products of few rows read it fastest. */
  Weight of(Weight weight) {
    if (!engine.packsWeights()) {
      return weight;
    }
    Tensor copy = engine.packed(weight.value());
    copies.add(copy);
    return Weight.frozen(copy);
  }

  /** Memory of the copies, but for what rounds them up to whole blocks. */
  long bytes() {
    return copies.stream().mapToLong(copy -> copy.size() * copy.dtype().bytes()).sum();
  }

  @Override
  public void close() {
    copies.forEach(Tensor::close);
    copies.clear();
  }
}
