package org.sparklora.sweep.finding;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The minimum of a curve, of a polynomial through the lowest point, its two neighbours and, to
 * estimate the error, one more point.
 *
 * @param at position in units of the grid, here the decimal logarithm of a rate
 * @param cost value of the polynomial at {@code at}
 * @param isAtEdge whether the lowest point is the first or last of the grid, so that the curve may
 *     be lower outside the grid; {@code at} is then that point
 */
record Optimum(double at, double cost, boolean isAtEdge) {
  /** Cubic terms that move the minimum by a smaller share of the grid's step count as rounding. */
  private static final double NEGLIGIBLE = 1e-9;

  private static final double STEEPEST = 4;

  /**
   * All readings of a curve's minimum: of the parabola through the lowest point and its neighbours,
   * then of the cubics that also go through the next point on the left or right, if it exists. The
   * change by the next order of interpolation estimates the error of the lower order.
   *
   * @param grid ascending, {@code (n)}
   * @param measured costs at the points of the grid, {@code (n)}; infinite for a diverged trial,
   *     whose neighbour may still be best
   * @return empty if no cost is finite; only the best point if it lacks two finite neighbours
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
   * Limits the costs of nearly diverging rates. They can be many times those on the other side of
   * the best rate, and no polynomial fits them. A cost above the best one by more than {@value
   * #STEEPEST} times the largest rise on the other side is cut to that.
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

  /** The largest rise of some costs above the least of all; infinite for fewer than two costs. */
  private static double rise(double[] costs, int from, int to) {
    double least = costs[lowest(costs)];
    double[] rises =
        Arrays.stream(costs, from, to).filter(Double::isFinite).map(cost -> cost - least).toArray();
    return rises.length < 2 ? Double.POSITIVE_INFINITY : Arrays.stream(rises).max().getAsDouble();
  }

  /** The index of the lowest point; −1 if no cost is finite. */
  static int lowest(double[] costs) {
    int best = -1;
    for (int i = 0; i < costs.length; i++) {
      if (Double.isFinite(costs[i]) && (best < 0 || costs[i] < costs[best])) {
        best = i;
      }
    }
    return best;
  }

  /** The vertex of the parabola through three points, in Newton's form. */
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
   * The minimum of the cubic through a fourth point: the parabola plus a cubic term that vanishes
   * at its three points. Since the middle point is the lowest, the minimum is between the outer
   * two.
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
    // the derivative is A t² + B t + C; its root with a rising slope is the minimum
    double squared = 3 * c;
    double linear = 2 * (a - c * (l + r));
    double constant = b + c * l * r;
    double root = Math.sqrt(linear * linear - 4 * squared * constant);
    double at = linear > 0 ? -2 * constant / (linear + root) : (root - linear) / (2 * squared);
    if (Double.isNaN(at) || Math.abs(c * (r - l)) <= NEGLIGIBLE * a) { // flat, or a parabola
      return parabola;
    }
    double inside = Math.min(Math.max(at, l), r); // limits rounding errors only
    return new Optimum(
        x[i] + inside, y[i] + inside * (b + inside * a + c * (inside - l) * (inside - r)), false);
  }
}
