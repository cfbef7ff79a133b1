package org.sparklora.observe.report;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;

/**
 * A metric over the optimizer steps of a run.
 *
 * @param steps ascending, {@code (n)}
 * @param values one for each step; values that are not finite are ignored
 */
record Curve(double[] steps, double[] values) {
  /** A smoothed value is the mean of this share of the run, and of MIN_SMOOTHED_STEPS at least. */
  private static final double SMOOTHED_SHARE = 0.05;

  private static final int MIN_SMOOTHED_STEPS = 10;

  /** A curve hides another if they agree in this share of their values. */
  private static final double COVERED_SHARE = 0.5;

  boolean isEmpty() {
    return Arrays.stream(values).noneMatch(Double::isFinite);
  }

  /** Number of steps that a smoothed value covers, in a run of {@code totalSteps}. */
  static double window(double totalSteps) {
    return Math.max(MIN_SMOOTHED_STEPS, Math.ceil(SMOOTHED_SHARE * totalSteps));
  }

  /** Whether values vary, and are dense enough for a running mean. */
  boolean isWorthSmoothing(double window) {
    int rows = steps.length;
    double spacing = rows == 0 ? 0 : steps[rows - 1] / rows;
    double least = Arrays.stream(values).filter(Double::isFinite).min().orElse(0);
    boolean varies = !isEmpty() && !Ticks.isConstant(least, max());
    return varies && spacing < window && rows > 2 * window / spacing;
  }

  /** The mean of the values of the last {@code window} steps at each of the curve's steps. */
  double[] runningMean(double window) {
    return IntStream.range(0, values.length).mapToDouble(at -> mean(at, window)).toArray();
  }

  private double mean(int at, double window) {
    double sum = 0;
    int count = 0;
    for (int i = at; i >= 0 && steps[i] > steps[at] - window; i--) {
      if (Double.isFinite(values[i])) {
        sum += values[i];
        count++;
      }
    }
    return count == 0 ? Double.NaN : sum / count;
  }

  /** The mean over the last {@code window} steps; NaN without a value. */
  double lastMean(double window) {
    return isEmpty() ? Double.NaN : mean(values.length - 1, window);
  }

  /** The last finite value; NaN if none is finite. */
  double last() {
    return Arrays.stream(values)
        .filter(Double::isFinite)
        .reduce((earlier, later) -> later)
        .orElse(Double.NaN);
  }

  /** Number of values that are not finite. */
  long missing() {
    return Arrays.stream(values).filter(value -> !Double.isFinite(value)).count();
  }

  /** The value at a step, interpolated between its neighbours; NaN outside of the curve. */
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

  /** Whether at least half of the values at steps that both curves have agree up to a tolerance. */
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

  /** A copy with each value replaced. */
  Curve map(DoubleUnaryOperator change) {
    return new Curve(steps, Arrays.stream(values).map(change).toArray());
  }

  double max() {
    return Arrays.stream(values).filter(Double::isFinite).max().orElse(Double.NaN);
  }
}
