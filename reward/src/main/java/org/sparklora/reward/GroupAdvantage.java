package org.sparklora.reward;

import java.io.Serializable;
import java.util.Arrays;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Group-relative advantages (Shao et al., 2024): how much better each completion is than its
 * siblings. TRL's rules: a completion that no reward could judge is left out and gets 0; deviations
 * are unbiased and have {@link #EPSILON} added; a lone completion has no deviation and gets the
 * advantage 0.
 *
 * <p>A judged completion's advantage is 0 exactly if its reward equals the group's mean, whatever
 * sums round to: a group whose judged completions agree is found by its zeros ({@link #isFlat}).
 *
 * <p>Rewards are doubles with NaN for "not judged"; an infinite one, which has no distance to a
 * mean, counts as not judged too. Immutable and thread-safe.
 */
public record GroupAdvantage(Scaling scaling, Aggregation aggregation) implements Serializable {
  /** Keeps a group of near-equal rewards from exploding; TRL uses the same value. */
  static final double EPSILON = 1e-4;

  /** Smaller relative differences are rounding. */
  private static final double ROUNDING = 1e-12;

  /** A few units in the last place of a reward, which is already rounded. */
  private static final double ULPS = 1e-15;

  /** Divisor of the centred rewards: {@code --scale_rewards}. */
  public enum Scaling {
    /** The deviation of the completion's own group. */
    GROUP,
    /** The deviation of all completions of the batch. */
    BATCH,
    /** No divisor (Dr. GRPO). */
    NONE
  }

  /** Combination of several rewards into one: {@code --multi_objective_aggregation}. */
  public enum Aggregation {
    /** The weighted sum is normalised in its group. */
    SUM_THEN_NORMALIZE,
    /** Each reward is normalised in its group; the weighted sum is normalised over the batch. */
    NORMALIZE_THEN_SUM
  }

  /** Mean and unbiased deviation of the rewards that are finite. */
  public record Moments(double mean, double deviation) implements Serializable {
    public static Moments of(double... values) {
      double[] known = Arrays.stream(values).filter(Double::isFinite).toArray();
      double mean = Arrays.stream(known).average().orElse(Double.NaN);
      double squares = Arrays.stream(known).map(v -> (v - mean) * (v - mean)).sum();
      double deviation = known.length > 1 ? Math.sqrt(squares / (known.length - 1)) : Double.NaN;
      return new Moments(mean, deviation);
    }

    /** {@link #of} for TRL's division: the deviation of a single value, judged or not, is 0. */
    public static Moments ofAll(double... values) {
      Moments moments = of(values);
      return values.length > 1 ? moments : new Moments(moments.mean(), 0);
    }
  }

  /**
   * The weighted sum of one completion's rewards; NaN only when none of them judged it.
   *
   * @param rewards one per reward function, {@code (F)}
   */
  public static double weightedSum(double[] rewards, double[] weights) {
    if (rewards.length != weights.length) {
      throw new IllegalArgumentException(
          "Cannot weigh %s rewards with %s weights: give --reward_weights one number for each of --reward_funcs"
              .formatted(rewards.length, weights.length));
    }
    double sum = 0;
    boolean judged = false;
    for (int f = 0; f < rewards.length; f++) {
      if (Double.isFinite(rewards[f])) {
        sum += weights[f] * rewards[f];
        judged = true;
      }
    }
    return judged ? sum : Double.NaN;
  }

  /**
   * The weighted sum of each completion's rewards.
   *
   * @param rewards one row per completion, {@code (G, F)}
   * @return {@code (G)}; NaN for completions that were not judged
   */
  public static double[] weightedSums(double[][] rewards, double[] weights) {
    return Arrays.stream(rewards).mapToDouble(row -> weightedSum(row, weights)).toArray();
  }

  /**
   * The advantages of one group; for {@code BATCH}, not yet divided by {@link #scaled}.
   *
   * @param rewards one per completion, {@code (G)}
   * @return advantages, {@code (G)}; 0 for completions that were not judged
   */
  public static double[] of(double[] rewards, Scaling scaling) {
    return of(rewards, largest(Arrays.stream(rewards)), scaling);
  }

  private static double[] of(double[] rewards, double magnitude, Scaling scaling) {
    double divisor = scaling == Scaling.GROUP ? Moments.ofAll(rewards).deviation() + EPSILON : 1;
    return Arrays.stream(centred(rewards, magnitude)).map(c -> orZero(c / divisor)).toArray();
  }

  /**
   * Rewards minus their mean; exactly 0 where they equal it up to rounding. Averages differences to
   * the first reward, which are exact if rewards are close.
   *
   * @param rewards NaN for a completion without a reward, whose result is not finite
   * @param magnitude the largest number that rewards were computed from
   */
  private static double[] centred(double[] rewards, double magnitude) {
    double[] judged = Arrays.stream(rewards).filter(Double::isFinite).toArray();
    if (judged.length == 0) {
      return rewards;
    }
    double first = judged[0];
    double mean = Arrays.stream(judged).map(r -> r - first).average().orElseThrow();
    double spread =
        Arrays.stream(judged).max().orElseThrow() - Arrays.stream(judged).min().orElseThrow();
    double rounding =
        spread <= ROUNDING * magnitude ? spread : ROUNDING * spread + ULPS * magnitude;
    return Arrays.stream(rewards).map(r -> zeroWithin(rounding, r - first - mean)).toArray();
  }

  private static double zeroWithin(double rounding, double value) {
    return Math.abs(value) <= rounding ? 0 : value;
  }

  private static double largest(DoubleStream values) {
    return values.map(Math::abs).filter(Double::isFinite).max().orElse(0);
  }

  /**
   * The first half of {@code NORMALIZE_THEN_SUM}: each reward relative to its group, then their
   * weighted sum. The sums of a group add up to 0.
   *
   * @param rewards one row per completion, {@code (G, F)}
   * @return one per completion, {@code (G)}; NaN for completions that were not judged
   */
  private static double[] normalizedSums(double[][] rewards, double[] weights) {
    double[][] normalized = new double[rewards.length][weights.length];
    double[] rounding = new double[rewards.length];
    for (int f = 0; f < weights.length; f++) {
      int function = f;
      double[] column = Arrays.stream(rewards).mapToDouble(row -> row[function]).toArray();
      double divisor = Moments.ofAll(column).deviation() + EPSILON;
      double magnitude = largest(Arrays.stream(column));
      double[] centred = centred(column, magnitude);
      double ulps = isFlat(centred) ? 0 : ULPS * magnitude / divisor;
      for (int i = 0; i < rewards.length; i++) {
        normalized[i][f] = centred[i] / divisor;
        double off = ROUNDING * Math.abs(normalized[i][f]) + ulps;
        rounding[i] += orZero(Math.abs(weights[f]) * off);
      }
    }
    double[] sums = weightedSums(normalized, weights);
    for (int i = 0; i < sums.length; i++) {
      boolean judged = Arrays.stream(rewards[i]).anyMatch(Double::isFinite);
      // A lone judged completion normalises to NaN, which TRL's sum counts as 0.
      sums[i] = judged ? zeroWithin(rounding[i], orZero(sums[i])) : Double.NaN;
    }
    return sums;
  }

  /** A completion's weighted sum if no terms cancelled. */
  private static double magnitude(double[] rewards, double[] weights) {
    return IntStream.range(0, weights.length)
        .mapToDouble(f -> Math.abs(weights[f] * rewards[f]))
        .filter(Double::isFinite)
        .sum();
  }

  /**
   * Whether a group has nothing to learn from: its judged completions have equal rewards, or fewer
   * than two are judged.
   *
   * @param values of {@link #ofGroup}, or a group's advantages
   */
  public static boolean isFlat(double[] values) {
    return Arrays.stream(values).allMatch(value -> value == 0 || !Double.isFinite(value));
  }

  /** Whether advantages depend on other groups, and {@link #scaled} must follow. */
  public boolean needsBatch() {
    return aggregation == Aggregation.NORMALIZE_THEN_SUM || scaling == Scaling.BATCH;
  }

  /**
   * A group's advantages, or if {@link #needsBatch}, the values that {@link #scaled} divides.
   *
   * @param rewards one row per completion, {@code (G, F)}
   * @return one per completion, {@code (G)}
   */
  public double[] ofGroup(double[][] rewards, double[] weights) {
    return switch (aggregation) {
      case SUM_THEN_NORMALIZE ->
          of(
              weightedSums(rewards, weights),
              largest(Arrays.stream(rewards).mapToDouble(row -> magnitude(row, weights))),
              scaling);
      case NORMALIZE_THEN_SUM -> normalizedSums(rewards, weights);
    };
  }

  /**
   * An advantage, from the value of its group and the deviation of the batch.
   *
   * @param value of {@link #ofGroup}: the values of a batch add up to 0, so no mean is subtracted
   * @param batch {@link Moments#ofAll} of the batch's rewards, or for {@code NORMALIZE_THEN_SUM} of
   *     its values
   */
  public static double scaled(double value, Moments batch) {
    return orZero(value / (batch.deviation() + EPSILON));
  }

  /**
   * The advantages of a whole batch held in memory.
   *
   * @param rewards {@code (N, F)}, completions of a group adjacent
   * @param groupSize completions a prompt, {@code G}; divides N
   * @return {@code (N)}
   */
  public double[] ofBatch(double[][] rewards, int groupSize, double[] weights) {
    if (groupSize < 1 || rewards.length % groupSize != 0) {
      throw new IllegalArgumentException(
          "Cannot cut %s completions into groups of %s: num_generations must divide their number"
              .formatted(rewards.length, groupSize));
    }
    double[] values =
        groups(rewards, groupSize)
            .flatMapToDouble(group -> Arrays.stream(ofGroup(group, weights)))
            .toArray();
    if (!needsBatch()) {
      return values;
    }
    boolean summed = aggregation == Aggregation.NORMALIZE_THEN_SUM;
    Moments batch = Moments.ofAll(summed ? values : weightedSums(rewards, weights));
    return Arrays.stream(values).map(value -> scaled(value, batch)).toArray();
  }

  /** The rewards of each group; those of a group stand side by side. */
  public static Stream<double[][]> groups(double[][] rewards, int groupSize) {
    return IntStream.range(0, rewards.length / groupSize)
        .mapToObj(g -> Arrays.copyOfRange(rewards, g * groupSize, (g + 1) * groupSize));
  }

  private static double orZero(double value) {
    return Double.isFinite(value) ? value : 0;
  }
}
