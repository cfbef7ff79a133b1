package org.sparklora.spark.sweep;

import java.util.Arrays;
import java.util.Optional;
import java.util.stream.IntStream;
import org.sparklora.spark.report.LineFigure;

/**
 * A metric over a quantity, once for each seed.
 *
 * @param label what the picture calls it
 * @param of one of its trials, which are alike but for quantity and seed
 * @param grid of the quantity, ascending, {@code (n)}
 * @param values {@code (n, seeds)}; NaN where a trial has none
 */
record SeedCurve(String label, Trial of, double[] grid, double[][] values) {

  /** All seeds, each once. */
  static int[] all(int seeds) {
    return IntStream.range(0, seeds).toArray();
  }

  /**
   * Means over seeds, {@code (n)}; NaN where one of them has no value, since a setting of which a
   * trial diverges is not to be used.
   *
   * @param seeds numbers of the seeds, some of which may be there several times
   */
  double[] means(int[] seeds) {
    return Arrays.stream(values)
        .mapToDouble(row -> Arrays.stream(seeds).mapToDouble(seed -> row[seed]).sum())
        .map(sum -> sum / seeds.length)
        .toArray();
  }

  /** The smallest and the largest value at each point, {@code (2, n)}; NaN without a value. */
  double[][] ranges() {
    double[][] ranges = new double[2][grid.length];
    for (int i = 0; i < grid.length; i++) {
      double[] finite = Arrays.stream(values[i]).filter(Double::isFinite).toArray();
      ranges[0][i] = Arrays.stream(finite).min().orElse(Double.NaN);
      ranges[1][i] = Arrays.stream(finite).max().orElse(Double.NaN);
    }
    return ranges;
  }

  /** The decimal logarithms of the grid. */
  double[] decades() {
    return Arrays.stream(grid).map(Math::log10).toArray();
  }

  /** Where the mean over seeds is best, on a logarithmic grid; empty where it has no value. */
  Optional<Optimum> optimum(SweepMetric metric, int[] seeds) {
    double[] costs =
        Arrays.stream(means(seeds))
            .map(mean -> Double.isNaN(mean) ? Double.POSITIVE_INFINITY : metric.cost(mean))
            .toArray();
    return Optimum.of(decades(), costs);
  }

  /** The best mean over seeds on the grid itself; NaN where it has no value. */
  double best(SweepMetric metric, int[] seeds) {
    double[] finite = Arrays.stream(means(seeds)).filter(Double::isFinite).toArray();
    return (metric.isSmallerBetter() ? Arrays.stream(finite).min() : Arrays.stream(finite).max())
        .orElse(Double.NaN);
  }

  /** Means over seeds with their range, as a line of a picture. */
  LineFigure.Line line(int seeds, double[] ring) {
    double[][] ranges = ranges();
    return new LineFigure.Line(label, grid, means(all(seeds)), ranges[0], ranges[1], ring);
  }
}
