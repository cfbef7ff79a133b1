package org.sparklora.model.engine.reference;

import java.util.function.DoubleUnaryOperator;
import org.sparklora.model.engine.tensor.Tensor;

/**
 * The gates of {@link ReferenceKernels}: {@code y = f(g)·u} with {@code f(g) = g·σ(z(g))}.
 *
 * @param slope z'
 */
record ReferenceGate(DoubleUnaryOperator z, DoubleUnaryOperator slope) {
  private static final double ROOT = 2 * Math.sqrt(2 / Math.PI);

  static final ReferenceGate SILU = new ReferenceGate(g -> g, g -> 1);

  static final ReferenceGate GELU_TANH =
      new ReferenceGate(
          g -> ROOT * (g + 0.044715 * g * g * g), g -> ROOT * (1 + 3 * 0.044715 * g * g));

  void forward(Tensor gate, Tensor up, Tensor y) {
    float[] g = gate.toArray();
    float[] u = up.toArray();
    for (int i = 0; i < g.length; i++) {
      u[i] = (float) (g[i] * sigma(g[i]) * u[i]);
    }
    ReferenceKernels.store(u, y);
  }

  /** With f'(g) = σ(z)·(1 + g·z'(g)·(1 − σ(z))). */
  void backwardInPlace(Tensor gate, Tensor up, Tensor dY) {
    float[] g = gate.toArray();
    float[] u = up.toArray();
    float[] dOut = dY.toArray();
    for (int i = 0; i < g.length; i++) {
      double value = g[i];
      double sigma = sigma(value);
      double turn = value * slope.applyAsDouble(value);
      g[i] = (float) (dOut[i] * u[i] * sigma * (1 + turn * (1 - sigma)));
      u[i] = (float) (dOut[i] * value * sigma);
    }
    ReferenceKernels.store(g, gate);
    ReferenceKernels.store(u, up);
  }

  private double sigma(double g) {
    return 1 / (1 + Math.exp(-z.applyAsDouble(g)));
  }
}
