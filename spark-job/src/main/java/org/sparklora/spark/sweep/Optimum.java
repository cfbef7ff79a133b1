package org.sparklora.spark.sweep;

import java.util.Optional;

/**
 * Where a curve is lowest, by the parabola through the lowest point and its two neighbours.
 *
 * @param at in the measure of the grid, here the decimal logarithm of a rate
 * @param cost of the parabola there
 * @param isAtEdge whether the lowest point is the first or the last of the grid, so that the curve
 *     may be lower still outside of it; {@code at} is then that point
 */
record Optimum(double at, double cost, boolean isAtEdge) {

  /**
   * Of a curve.
   *
   * @param grid ascending, {@code (n)}
   * @param costs {@code (n)}; a trial that diverged is infinite, and its neighbour may be best
   * @return empty where no cost is finite
   */
  static Optional<Optimum> of(double[] grid, double[] costs) {
    int best = -1;
    for (int i = 0; i < grid.length; i++) {
      if (Double.isFinite(costs[i]) && (best < 0 || costs[i] < costs[best])) {
        best = i;
      }
    }
    if (best < 0) {
      return Optional.empty();
    }
    if (best == 0 || best == grid.length - 1) {
      return Optional.of(new Optimum(grid[best], costs[best], true));
    }
    if (!Double.isFinite(costs[best - 1]) || !Double.isFinite(costs[best + 1])) {
      return Optional.of(new Optimum(grid[best], costs[best], false));
    }
    return Optional.of(vertex(grid, costs, best));
  }

  /** Newton's form of the parabola through three points, whose derivative is zero there. */
  private static Optimum vertex(double[] x, double[] y, int i) {
    double left = (y[i] - y[i - 1]) / (x[i] - x[i - 1]);
    double right = (y[i + 1] - y[i]) / (x[i + 1] - x[i]);
    double curvature = (right - left) / (x[i + 1] - x[i - 1]);
    if (curvature <= 0) { // three equal costs
      return new Optimum(x[i], y[i], false);
    }
    double at = (x[i - 1] + x[i]) / 2 - left / (2 * curvature);
    double cost = y[i - 1] + (at - x[i - 1]) * (left + curvature * (at - x[i]));
    return new Optimum(at, cost, false);
  }
}
