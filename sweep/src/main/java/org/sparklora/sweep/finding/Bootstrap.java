package org.sparklora.sweep.finding;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;

/**
 * The percentile bootstrap (Efron, 1979) over seeds and over the uncertainty of the grid: a
 * statistic is recomputed for seeds drawn with replacement and, in the same {@link Draw}, for other
 * readings of the grid. The interval covers the middle 95 % of these values, and the middle 95 %
 * with seeds alone and default readings: uncertainty of the grid can only widen it. Draws are
 * deterministic.
 */
final class Bootstrap {
  private static final int RESAMPLES = 2000;
  private static final long SEED = 20250929;
  private static final long SEED_OF_CHOICES = 20251001;
  private static final double TAIL = 0.025;

  private Bootstrap() {}

  /**
   * A 95 % interval.
   *
   * @param low NaN if the statistic was undefined in all draws
   * @param high NaN if the statistic was undefined in all draws
   * @param undefined share of draws in which the statistic was undefined
   */
  record Interval(double low, double high, double undefined) {}

  /** The interval of a statistic, which is the same for equal draws; NaN means undefined. */
  static Interval of(int seeds, ToDoubleFunction<Draw> statistic) {
    SplittableRandom random = new SplittableRandom(SEED);
    SplittableRandom choices = new SplittableRandom(SEED_OF_CHOICES);
    Map<List<Integer>, Double> known = new HashMap<>(); // three seeds have 27 draws
    double[] ofSeeds = new double[RESAMPLES];
    double[] ofAll = new double[RESAMPLES];
    for (int r = 0; r < RESAMPLES; r++) {
      int[] drawn = random.ints(seeds, 0, seeds).toArray();
      ofSeeds[r] =
          known.computeIfAbsent(
              Arrays.stream(drawn).boxed().toList(),
              seen -> statistic.applyAsDouble(new Draw(drawn, OptionalLong.empty())));
      ofAll[r] = statistic.applyAsDouble(new Draw(drawn, OptionalLong.of(choices.nextLong())));
    }
    Interval one = middle(ofSeeds);
    Interval other = middle(ofAll);
    return new Interval(
        least(one.low(), other.low()),
        -least(-one.high(), -other.high()),
        Math.max(one.undefined(), other.undefined()));
  }

  /** The smaller number; NaN only if both are. */
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

  /** A quantile, interpolated between the two nearest sorted values; NaN without values. */
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
