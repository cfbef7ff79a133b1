package org.sparklora.spark.sweep;

import java.util.Arrays;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;

/**
 * The percentile bootstrap (Efron, 1979) over seeds and over what the grid leaves open: a number is
 * computed again for seeds that are drawn with replacement and, in the same {@link Draw}, for other
 * readings of the grid. Its interval holds the middle 95 % of what comes out, and that of the seeds
 * alone with the usual readings: what is open widens it and nothing else. The draws are always the
 * same.
 */
final class Bootstrap {
  private static final int RESAMPLES = 2000;
  private static final long SEED = 20250929;
  private static final long SEED_OF_CHOICES = 20251001;
  private static final double TAIL = 0.025;

  private Bootstrap() {}

  /**
   * An interval.
   *
   * @param low NaN where the number was defined for no draw
   * @param high likewise
   * @param undefined the share of draws for which it was not
   */
  record Interval(double low, double high, double undefined) {
    boolean contains(double value) {
      return low <= value && value <= high;
    }
  }

  /**
   * The interval of a number.
   *
   * @param seeds how many there are
   * @param statistic of a draw; NaN where it is undefined
   */
  static Interval of(int seeds, ToDoubleFunction<Draw> statistic) {
    SplittableRandom random = new SplittableRandom(SEED);
    SplittableRandom choices = new SplittableRandom(SEED_OF_CHOICES);
    double[] ofSeeds = new double[RESAMPLES];
    double[] ofAll = new double[RESAMPLES];
    for (int r = 0; r < RESAMPLES; r++) {
      int[] drawn = random.ints(seeds, 0, seeds).toArray();
      ofSeeds[r] = statistic.applyAsDouble(new Draw(drawn, OptionalLong.empty()));
      ofAll[r] = statistic.applyAsDouble(new Draw(drawn, OptionalLong.of(choices.nextLong())));
    }
    Interval one = middle(ofSeeds);
    Interval other = middle(ofAll);
    return new Interval(
        least(one.low(), other.low()),
        -least(-one.high(), -other.high()),
        Math.max(one.undefined(), other.undefined()));
  }

  /** NaN only of two. */
  private static double least(double a, double b) {
    return Double.isNaN(a) ? b : Double.isNaN(b) ? a : Math.min(a, b);
  }

  private static Interval middle(double[] values) {
    double[] defined = Arrays.stream(values).filter(v -> !Double.isNaN(v)).sorted().toArray();
    return new Interval(
        quantile(defined, TAIL),
        quantile(defined, 1 - TAIL),
        1 - (double) defined.length / values.length);
  }

  /** Between the two nearest of sorted values; NaN of none. */
  static double quantile(double[] sorted, double share) {
    if (sorted.length == 0) {
      return Double.NaN;
    }
    double at = share * (sorted.length - 1);
    int below = (int) Math.floor(at);
    int above = Math.min(below + 1, sorted.length - 1);
    double weight = at - below;
    return weight == 0 ? sorted[below] : (1 - weight) * sorted[below] + weight * sorted[above];
  }
}
