package org.sparklora.engine.nd4j;

import java.util.function.UnaryOperator;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;
import org.sparklora.model.engine.GateFunction;

/**
 * A gate {@code f(g)·u}, {@code f(g) = g·σ(z(g))}; z and turn, {@code g·z'(g)}, make new arrays.
 */
record Nd4jGate(UnaryOperator<INDArray> z, UnaryOperator<INDArray> turn) {
  private static final Nd4jGate SILU = new Nd4jGate(INDArray::dup, INDArray::dup);

  private static final Nd4jGate GELU_TANH =
      new Nd4jGate(
          g -> g.mul(g).muli(GateFunction.CUBIC).addi(GateFunction.LINEAR).muli(g),
          g -> g.mul(g).muli(3 * GateFunction.CUBIC).addi(GateFunction.LINEAR).muli(g));

  static Nd4jGate of(GateFunction f) {
    return switch (f) {
      case SILU -> SILU;
      case GELU_TANH -> GELU_TANH;
    };
  }

  void forward(INDArray g, INDArray u, INDArray y) {
    y.assign(Transforms.sigmoid(z.apply(g), false).muli(g).muli(u));
  }

  /** With f'(g) = σ·(1 + g·z'·(1 − σ)). */
  void backwardInPlace(INDArray g, INDArray u, INDArray dY) {
    INDArray sigma = Transforms.sigmoid(z.apply(g), false);
    INDArray slope = sigma.rsub(1).muli(turn.apply(g)).addi(1).muli(sigma);
    INDArray dGate = slope.muli(u).muli(dY);
    u.assign(sigma.muli(g).muli(dY));
    g.assign(dGate);
  }
}
