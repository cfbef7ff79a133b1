package org.sparklora.model.loss;

import java.util.Arrays;

/** Quantiles with linear interpolation, rounded where PyTorch rounds. */
final class Quantile {
  private Quantile() {}

  /**
   * The q-th quantile; NaN without values. A token whose entropy is exactly a quantile must stay on
   * the same side as in PyTorch, hence its roundings: q is a float32, whose error a rank in float64
   * keeps, so that of 26 values 0.8 lies a little above the 21st; the weight is a float32 again.
   */
  static float of(float[] values, float q) {
    if (values.length == 0) {
      return Float.NaN;
    }
    float[] sorted = values.clone();
    Arrays.sort(sorted);
    double rank = (double) q * (sorted.length - 1);
    int lower = (int) Math.floor(rank);
    int upper = (int) Math.ceil(rank);
    float weight = (float) (rank - lower);
    float span = sorted[upper] - sorted[lower];
    return weight < 0.5f
        ? Math.fma(weight, span, sorted[lower])
        : Math.fma(-span, 1 - weight, sorted[upper]);
  }
}
