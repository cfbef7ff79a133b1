package org.sparklora.model.engine.reference;

import org.sparklora.model.engine.tensor.Tensor;

/** Operations of {@link ReferenceKernels} on a number for each row. */
final class ReferenceRows {
  private ReferenceRows() {}

  /** {@code y[m] *= factors[m]}. */
  static void scale(Tensor y, Tensor factors) {
    float[] out = y.toArray();
    float[] factor = factors.toArray();
    for (int i = 0; i < out.length; i++) {
      out[i] *= factor[i / y.columns()];
    }
    ReferenceKernels.store(out, y);
  }

  /** {@code y[m] = Σ a[m]·b[m]}. */
  static void dot(Tensor a, Tensor b, Tensor y) {
    float[] one = a.toArray();
    float[] other = b.toArray();
    double[] sums = new double[a.rows()];
    for (int i = 0; i < one.length; i++) {
      sums[i / a.columns()] += (double) one[i] * other[i];
    }
    float[] rounded = new float[sums.length];
    for (int m = 0; m < sums.length; m++) {
      rounded[m] = (float) sums[m];
    }
    ReferenceKernels.store(rounded, y);
  }
}
