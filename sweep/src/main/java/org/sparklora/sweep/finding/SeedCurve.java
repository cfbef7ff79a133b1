package org.sparklora.sweep.finding;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.sparklora.observe.report.LineFigure;
import org.sparklora.sweep.SweepMetric;
import org.sparklora.sweep.Trial;

/**
 * A metric over a quantity, once for each seed.
 *
 * @param of one of the curve's trials, which differ only in quantity and seed
 * @param grid values of the quantity, ascending, {@code (n)}
 * @param values {@code (n, seeds)}; NaN for a trial without a value
 */
record SeedCurve(String label, Trial of, double[] grid, double[][] values) {

  /**
   * Means over seeds, {@code (n)}; NaN if one seed has no value, since a setting with a diverged
   * trial must not be used.
   *
   * @param seeds indices of seeds, possibly repeated
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

  /**
   * The optimum of the mean over seeds, on a logarithmic grid; empty without values.
   *
   * @param open name in {@link Draw} of the reading between grid points
   */
  Optional<Optimum> optimum(SweepMetric metric, Draw draw, String open) {
    List<Optimum> readings = readings(metric, draw);
    return readings.isEmpty()
        ? Optional.empty()
        : Optional.of(readings.get(draw.choice(open, readings.size())));
  }

  /** All readings of the curve's minimum between its points, the default first. */
  List<Optimum> readings(SweepMetric metric, Draw draw) {
    return Optimum.readings(decades(), costs(metric, draw));
  }

  private double[] costs(SweepMetric metric, Draw draw) {
    return Arrays.stream(means(draw.seeds()))
        .map(mean -> Double.isNaN(mean) ? Double.POSITIVE_INFINITY : metric.cost(mean))
        .toArray();
  }

  /** The least mean cost on the grid; NaN without values. */
  double leastCost(SweepMetric metric, Draw draw) {
    double[] costs = costs(metric, draw);
    int best = Optimum.lowest(costs);
    return best < 0 ? Double.NaN : costs[best];
  }

  /**
   * The least mean cost of any rate: by default that of the best rate on the grid; in a draw a
   * value between that and the lowest reading, which a finer grid might reach.
   *
   * @param open name in {@link Draw} of that value
   */
  double leastCostOfAnyRate(SweepMetric metric, Draw draw, String open) {
    double grid = leastCost(metric, draw);
    double lowest = readings(metric, draw).stream().mapToDouble(Optimum::cost).min().orElse(grid);
    return grid + draw.share(open, 0) * (lowest - grid);
  }

  /** Means over seeds with their range, as a line of a figure. */
  LineFigure.Line line(int seeds, double[] ring) {
    double[][] ranges = ranges();
    return new LineFigure.Line(
        label, grid, means(Draw.measured(seeds).seeds()), ranges[0], ranges[1], ring);
  }
}
