package org.sparklora.model.engine.reference;

import org.sparklora.model.engine.GateFunction;
import org.sparklora.model.engine.Kernels;
import org.sparklora.model.engine.tensor.Tensor;

/** The gates of {@link ReferenceKernels}: {@code y = f(g)·u} with {@code f(g) = g·σ(z(g))}. */
interface ReferenceGate extends Kernels {
  double ROOT = 2 * Math.sqrt(2 / Math.PI);

  @Override
  default void gate(GateFunction f, Tensor gate, Tensor up, Tensor y) {
    float[] g = gate.toArray();
    float[] u = up.toArray();
    for (int i = 0; i < g.length; i++) {
      u[i] = (float) (g[i] * sigma(f, g[i]) * u[i]);
    }
    ReferenceKernels.store(u, y);
  }

  /** With f'(g) = σ(z)·(1 + g·z'(g)·(1 − σ(z))). */
  @Override
  default void gateBackwardInPlace(GateFunction f, Tensor gate, Tensor up, Tensor dY) {
    float[] g = gate.toArray();
    float[] u = up.toArray();
    float[] dOut = dY.toArray();
    for (int i = 0; i < g.length; i++) {
      double value = g[i];
      double sigma = sigma(f, value);
      double turn = value * slope(f, value);
      g[i] = (float) (dOut[i] * u[i] * sigma * (1 + turn * (1 - sigma)));
      u[i] = (float) (dOut[i] * value * sigma);
    }
    ReferenceKernels.store(g, gate);
    ReferenceKernels.store(u, up);
  }

  private static double sigma(GateFunction f, double g) {
    double z = f == GateFunction.SILU ? g : ROOT * (g + 0.044715 * g * g * g);
    return 1 / (1 + Math.exp(-z));
  }

  /** z'. */
  private static double slope(GateFunction f, double g) {
    return f == GateFunction.SILU ? 1 : ROOT * (1 + 3 * 0.044715 * g * g);
  }
}
