package org.sparklora.spark.report;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;

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

  /** Of two curves that meet in more of their values one hides the other. */
  private static final double COVERED_SHARE = 0.5;

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
    double least = Arrays.stream(values).filter(Double::isFinite).min().orElse(0);
    boolean varies = !isEmpty() && !Ticks.isConstant(least, max());
    return varies && spacing < window && rows > 2 * window / spacing;
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

  /** The last value that is finite; NaN where there is none. */
  double last() {
    return Arrays.stream(values)
        .filter(Double::isFinite)
        .reduce((earlier, later) -> later)
        .orElse(Double.NaN);
  }

  /** How many values are not finite. */
  long missing() {
    return Arrays.stream(values).filter(value -> !Double.isFinite(value)).count();
  }

  /** The value at a step, on the line between its neighbours; NaN outside of the curve. */
  private double at(double step) {
    int found = Arrays.binarySearch(steps, step);
    if (found >= 0) {
      return values[found];
    }
    int next = -found - 1;
    if (next == 0 || next == steps.length) {
      return Double.NaN;
    }
    double share = (step - steps[next - 1]) / (steps[next] - steps[next - 1]);
    return (1 - share) * values[next - 1] + share * values[next];
  }

  /**
   * Whether one would be drawn over the other: most values of this curve that the other has as well
   * are the same up to a tolerance.
   */
  boolean covers(Curve other, double tolerance) {
    int shared = 0;
    int same = 0;
    for (int i = 0; i < steps.length; i++) {
      double difference = Math.abs(values[i] - other.at(steps[i]));
      shared += Double.isFinite(difference) ? 1 : 0;
      same += difference <= tolerance ? 1 : 0;
    }
    return same > 0 && same >= COVERED_SHARE * shared;
  }

  /** The same with each value replaced. */
  Curve map(DoubleUnaryOperator change) {
    return new Curve(steps, Arrays.stream(values).map(change).toArray());
  }

  double max() {
    return Arrays.stream(values).filter(Double::isFinite).max().orElse(Double.NaN);
  }
}
