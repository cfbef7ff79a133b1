package org.sparklora.spark.report;

import java.util.Arrays;

/**
 * A metric over the optimizer steps of a run.
 *
 * @param steps ascending, {@code (n)}
 * @param values as many; those that are not finite count nowhere
 */
record Curve(double[] steps, double[] values) {
  /** A smoothed value is the mean of this share of the run, and of this many steps at least. */
  private static final double SMOOTHED_SHARE = 0.05;

  private static final int MIN_SMOOTHED_STEPS = 10;

  boolean isEmpty() {
    return Arrays.stream(values).noneMatch(Double::isFinite);
  }

  /** How many steps a smoothed value of a run of so many covers. */
  static double window(double totalSteps) {
    return Math.max(MIN_SMOOTHED_STEPS, Math.ceil(SMOOTHED_SHARE * totalSteps));
  }

  /** Whether there are values enough for a running mean to say more than they do. */
  boolean isWorthSmoothing(double window) {
    int rows = steps.length;
    double spacing = rows == 0 ? 0 : steps[rows - 1] / rows;
    return rows > 0 && spacing < window && rows > 2 * window / spacing;
  }

  /** The mean of the values of the last {@code window} steps at each of the curve's steps. */
  double[] runningMean(double window) {
    double[] means = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      double sum = 0;
      int count = 0;
      for (int j = i; j >= 0 && steps[j] > steps[i] - window; j--) {
        if (Double.isFinite(values[j])) {
          sum += values[j];
          count++;
        }
      }
      means[i] = count == 0 ? Double.NaN : sum / count;
    }
    return means;
  }

  /** The mean over the last {@code window} steps; NaN where there is no value. */
  double lastMean(double window) {
    return isEmpty() ? Double.NaN : runningMean(window)[values.length - 1];
  }

  double last() {
    return isEmpty() ? Double.NaN : values[values.length - 1];
  }

  double max() {
    return Arrays.stream(values).filter(Double::isFinite).max().orElse(Double.NaN);
  }
}
