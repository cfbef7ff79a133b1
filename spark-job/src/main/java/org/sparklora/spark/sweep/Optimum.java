package org.sparklora.spark.sweep;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Where a curve is lowest, by a polynomial through the lowest point, its two neighbours and, to see
 * how much that errs, a point more.
 *
 * @param at in the measure of the grid, here the decimal logarithm of a rate
 * @param cost of the polynomial there
 * @param isAtEdge whether the lowest point is the first or the last of the grid, so that the curve
 *     may be lower still outside of it; {@code at} is then that point
 */
record Optimum(double at, double cost, boolean isAtEdge) {
  /** Cubic terms that move the lowest point by less of the grid's step are rounding. */
  private static final double NEGLIGIBLE = 1e-9;

  private static final double STEEPEST = 4;

  /**
   * Of a curve, by the parabola.
   *
   * @param grid ascending, {@code (n)}
   * @param costs {@code (n)}; a trial that diverged is infinite, and its neighbour may be best
   * @return empty where no cost is finite
   */
  static Optional<Optimum> of(double[] grid, double[] costs) {
    return readings(grid, costs).stream().findFirst();
  }

  /**
   * All readings of a curve: by the parabola, then by the cubics that go through the next point on
   * the left and on the right as well, where there are such points. What the next order of
   * interpolation changes is the usual estimate of what the one before it errs by.
   *
   * @param measured the costs
   * @return none where no cost is finite; one where the best point has no two neighbours
   */
  static List<Optimum> readings(double[] grid, double[] measured) {
    int best = lowest(measured);
    if (best < 0) {
      return List.of();
    }
    if (best == 0 || best == grid.length - 1) {
      return List.of(new Optimum(grid[best], measured[best], true));
    }
    if (!Double.isFinite(measured[best - 1]) || !Double.isFinite(measured[best + 1])) {
      return List.of(new Optimum(grid[best], measured[best], false));
    }
    double[] costs = withoutWall(measured, best);
    List<Optimum> readings = new ArrayList<>();
    readings.add(vertex(grid, costs, best));
    for (int more : new int[] {best - 2, best + 2}) {
      if (more >= 0 && more < grid.length && Double.isFinite(costs[more])) {
        readings.add(lowestOfCubic(grid, costs, best, more));
      }
    }
    return readings;
  }

  /**
   * Rates on the way to divergence cost many times what any rate on the other side of the best one
   * does, which tells nothing of how the curve runs about it: no polynomial does. Such a rate
   * counts as one that rises {@value #STEEPEST} times as far.
   */
  private static double[] withoutWall(double[] costs, int best) {
    double[] limited = costs.clone();
    double left = rise(costs, 0, best);
    double right = rise(costs, best + 1, costs.length);
    for (int i = 0; i < costs.length; i++) {
      double most = costs[best] + STEEPEST * (i < best ? right : left);
      if (i != best && Double.isFinite(costs[i])) {
        limited[i] = Math.min(costs[i], most);
      }
    }
    return limited;
  }

  /** The largest of some costs above the least; infinite of one, which may lie next to it. */
  private static double rise(double[] costs, int from, int to) {
    double least = costs[lowest(costs)];
    double[] rises =
        Arrays.stream(costs, from, to).filter(Double::isFinite).map(cost -> cost - least).toArray();
    return rises.length < 2 ? Double.POSITIVE_INFINITY : Arrays.stream(rises).max().getAsDouble();
  }

  /** The lowest point; −1 where no cost is finite. */
  static int lowest(double[] costs) {
    int best = -1;
    for (int i = 0; i < costs.length; i++) {
      if (Double.isFinite(costs[i]) && (best < 0 || costs[i] < costs[best])) {
        best = i;
      }
    }
    return best;
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

  /**
   * The parabola and a cubic term that vanishes at its three points and meets a fourth. Since the
   * middle one of the three is the lowest, the cubic has its lowest point between the outer ones.
   */
  private static Optimum lowestOfCubic(double[] x, double[] y, int i, int more) {
    Optimum parabola = vertex(x, y, i);
    // with the origin at the best point: y = y_i + b t + a t² + c t (t − l) (t − r)
    double l = x[i - 1] - x[i];
    double r = x[i + 1] - x[i];
    double left = (y[i - 1] - y[i]) / l;
    double a = ((y[i + 1] - y[i]) / r - left) / (r - l);
    double b = left - a * l;
    double t = x[more] - x[i];
    double c = (y[more] - y[i] - b * t - a * t * t) / (t * (t - l) * (t - r));
    // its derivative A t² + B t + C, of which the root with a rising slope is the lowest point
    double squared = 3 * c;
    double linear = 2 * (a - c * (l + r));
    double constant = b + c * l * r;
    double root = Math.sqrt(linear * linear - 4 * squared * constant);
    double at = linear > 0 ? -2 * constant / (linear + root) : (root - linear) / (2 * squared);
    if (Double.isNaN(at) || Math.abs(c * (r - l)) <= NEGLIGIBLE * a) { // flat, or a parabola
      return parabola;
    }
    double inside = Math.min(Math.max(at, l), r); // but for rounding it is there
    return new Optimum(
        x[i] + inside, y[i] + inside * (b + inside * a + c * (inside - l) * (inside - r)), false);
  }
}
