package org.sparklora.engine.nd4j;

import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;
import org.sparklora.model.engine.GateFunction;

/** A gate {@code f(g)·u}, {@code f(g) = g·σ(z(g))}, for {@link Nd4jKernels}. */
final class Nd4jGate {
  private Nd4jGate() {}

  static void forward(GateFunction f, INDArray g, INDArray u, INDArray y) {
    y.assign(Transforms.sigmoid(z(f, g, GateFunction.CUBIC), false).muli(g).muli(u));
  }

  /** With f'(g) = σ·(1 + g·z'·(1 − σ)). */
  static void backwardInPlace(GateFunction f, INDArray g, INDArray u, INDArray dY) {
    INDArray sigma = Transforms.sigmoid(z(f, g, GateFunction.CUBIC), false);
    INDArray slope = sigma.rsub(1).muli(z(f, g, 3 * GateFunction.CUBIC)).addi(1).muli(sigma);
    INDArray dGate = slope.muli(u).muli(dY);
    u.assign(sigma.muli(g).muli(dY));
    g.assign(dGate);
  }

  /** z in a new array, or with three times the cubic factor {@code g·z'(g)}. */
  private static INDArray z(GateFunction f, INDArray g, float cubic) {
    return switch (f) {
      case SILU -> g.dup();
      case GELU_TANH -> g.mul(g).muli(cubic).addi(GateFunction.LINEAR).muli(g);
    };
  }
}
