package org.sparklora.model.loss;

import java.util.Arrays;

/** Quantiles with linear interpolation, rounded to float32 where PyTorch rounds. */
final class Quantile {
  private Quantile() {}

  /**
   * The q-th quantile; NaN without values. A token whose entropy is exactly a quantile must stay on
   * the same side as in PyTorch, hence float32.
   */
  static float of(float[] values, float q) {
    if (values.length == 0) {
      return Float.NaN;
    }
    float[] sorted = values.clone();
    Arrays.sort(sorted);
    float rank = q * (sorted.length - 1);
    int lower = (int) Math.floor(rank);
    int upper = (int) Math.ceil(rank);
    float weight = rank - lower;
    float span = sorted[upper] - sorted[lower];
    return weight < 0.5f ? sorted[lower] + weight * span : sorted[upper] - span * (1 - weight);
  }
}
