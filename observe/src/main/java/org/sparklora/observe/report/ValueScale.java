package org.sparklora.observe.report;

import java.util.Arrays;
import java.util.List;

/**
 * How a metric's values are laid out over the height of a panel.
 *
 * @param isLogarithmic whether its measure is the logarithm of the values
 */
record ValueScale(Ticks ticks, boolean isLogarithmic) {
  /** Ratio of largest to least value from which positive values are decades apart. */
  private static final double WIDE_CURVE = 1e3;

  /** Ratio from which the largest values of several runs are decades apart. */
  private static final double WIDE_PEAKS = 20;

  /** The axis begins at the smallest of the runs' largest values, divided by this factor. */
  private static final double SHOWN_BELOW_PEAKS = 1e2;

  static ValueScale of(Metric metric, List<RunLog> runs) {
    double[][] curves =
        runs.stream()
            .map(run -> Arrays.stream(metric.of(run).values()).filter(Double::isFinite).toArray())
            .filter(c -> c.length > 0)
            .toArray(double[][]::new);
    double[] all = Arrays.stream(curves).flatMapToDouble(Arrays::stream).toArray();
    double[] peaks =
        Arrays.stream(curves).mapToDouble(c -> Arrays.stream(c).max().orElseThrow()).toArray();
    if (isWide(metric.axis(), all, peaks)) {
      boolean tails = metric.axis() == Metric.Axis.FROM_ZERO_OR_DECADES; // curves may fall to 0
      double lowest = tails ? min(peaks) / SHOWN_BELOW_PEAKS : min(all);
      double least = Arrays.stream(all).filter(v -> v >= lowest).min().orElseThrow();
      return new ValueScale(Ticks.logarithmic(least, max(peaks)), true);
    }
    boolean fromZero =
        metric.axis() == Metric.Axis.FROM_ZERO || metric.axis() == Metric.Axis.FROM_ZERO_OR_DECADES;
    return new ValueScale(Ticks.linear(all, fromZero), false);
  }

  private static boolean isWide(Metric.Axis axis, double[] all, double[] peaks) {
    if (all.length == 0 || min(all) < 0 || min(peaks) <= 0) {
      return false;
    }
    boolean peaksApart = max(peaks) >= WIDE_PEAKS * min(peaks);
    return switch (axis) {
      case CLOSE, FROM_ZERO -> false;
      case FROM_ZERO_OR_DECADES -> peaksApart;
      case CLOSE_OR_DECADES -> min(all) > 0 && max(all) >= WIDE_CURVE * min(all);
    };
  }

  private static double min(double[] values) {
    return Arrays.stream(values).min().orElse(0);
  }

  private static double max(double[] values) {
    return Arrays.stream(values).max().orElse(0);
  }

  /** A curve in the axis' measure; NaN for values without a logarithm. */
  Curve measured(Curve curve) {
    return isLogarithmic ? curve.map(value -> value > 0 ? Math.log10(value) : Double.NaN) : curve;
  }
}
