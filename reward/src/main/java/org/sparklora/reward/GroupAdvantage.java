package org.sparklora.reward;

import java.io.Serializable;
import java.util.Arrays;

/**
 * Group-relative advantages (Shao et al., 2024): how much better each completion is than its
 * siblings. TRL's rules: a completion that no reward could judge counts nowhere and gets 0;
 * deviations are unbiased and have {@link #EPSILON} added; the deviation of a lone completion is
 * undefined, and so is its advantage, which becomes 0.
 *
 * <p>Rewards are doubles with NaN for "not judged". Stateless and thread-safe.
 */
public final class GroupAdvantage {
  /** Keeps a group of near-equal rewards from exploding; TRL uses the same value. */
  static final double EPSILON = 1e-4;

  /** Below this a deviation counts as zero, as {@code torch.isclose} has it. */
  private static final double ZERO_DEVIATION = 1e-8;

  private GroupAdvantage() {}

  /** What centred rewards are divided by: {@code --scale_rewards}. */
  public enum Scaling {
    /** The deviation of the completion's own group. */
    GROUP,
    /** The deviation of all completions at hand. */
    BATCH,
    /** Nothing (Dr. GRPO). */
    NONE
  }

  /** How several rewards become one: {@code --multi_objective_aggregation}. */
  public enum Aggregation {
    /** The weighted sum is normalised in its group. */
    SUM_THEN_NORMALIZE,
    /** Each reward is normalised in its group; the weighted sum is normalised over the batch. */
    NORMALIZE_THEN_SUM
  }

  /** Mean and unbiased deviation of those rewards that are not NaN. */
  public record Moments(double mean, double deviation) implements Serializable {
    public static Moments of(double... values) {
      double[] known = Arrays.stream(values).filter(v -> !Double.isNaN(v)).toArray();
      double mean = Arrays.stream(known).average().orElse(Double.NaN);
      double squares = Arrays.stream(known).map(v -> (v - mean) * (v - mean)).sum();
      double deviation = known.length > 1 ? Math.sqrt(squares / (known.length - 1)) : Double.NaN;
      return new Moments(mean, deviation);
    }

    /** Whether all rewards agree, so that nothing can be learnt from them. */
    public boolean isFlat() {
      return deviation <= ZERO_DEVIATION;
    }
  }

  /**
   * The weighted sum of one completion's rewards; NaN only when none of them judged it.
   *
   * @param rewards one per reward function, {@code (F)}
   */
  public static double weightedSum(double[] rewards, double[] weights) {
    requireWeights(rewards.length, weights);
    double sum = 0;
    boolean judged = false;
    for (int f = 0; f < rewards.length; f++) {
      if (!Double.isNaN(rewards[f])) {
        sum += weights[f] * rewards[f];
        judged = true;
      }
    }
    return judged ? sum : Double.NaN;
  }

  /**
   * The advantages of one group.
   *
   * @param rewards one per completion, {@code (G)}
   * @param batch moments of the whole batch; only its deviation counts, and only for {@code BATCH}
   * @return advantages, {@code (G)}; 0 for completions that were not judged
   */
  public static double[] of(double[] rewards, Scaling scaling, Moments batch) {
    Moments group = Moments.of(rewards);
    double divisor =
        switch (scaling) {
          // TRL sets the deviation of groups of one to zero, not to undefined.
          case GROUP -> (rewards.length > 1 ? group.deviation() : 0) + EPSILON;
          case BATCH -> batch.deviation() + EPSILON;
          case NONE -> 1;
        };
    return Arrays.stream(rewards).map(r -> orZero((r - group.mean()) / divisor)).toArray();
  }

  /**
   * The first half of {@code NORMALIZE_THEN_SUM}: each reward relative to its group, then their
   * weighted sum.
   *
   * @param rewards one row per completion, {@code (G, F)}
   * @return one per completion, {@code (G)}; NaN for completions that were not judged
   */
  public static double[] normalizedSums(double[][] rewards, double[] weights) {
    int functions = weights.length;
    double[][] normalized = new double[rewards.length][functions];
    for (int f = 0; f < functions; f++) {
      int function = f;
      double[] column = Arrays.stream(rewards).mapToDouble(row -> row[function]).toArray();
      Moments moments = Moments.of(column);
      double divisor = (rewards.length > 1 ? moments.deviation() : 0) + EPSILON;
      for (int i = 0; i < rewards.length; i++) {
        normalized[i][f] = (column[i] - moments.mean()) / divisor;
      }
    }
    double[] sums = new double[rewards.length];
    for (int i = 0; i < rewards.length; i++) {
      boolean judged = Arrays.stream(rewards[i]).anyMatch(r -> !Double.isNaN(r));
      // A lone judged completion normalises to NaN, which TRL's sum takes for nothing.
      double sum = weightedSum(normalized[i], weights);
      sums[i] = judged ? orZero(sum) : Double.NaN;
    }
    return sums;
  }

  /** Whether a group's rewards are all the same, so that nothing can be learnt from it. */
  public static boolean agree(double[] sums) {
    return sums.length == 1 || Moments.of(sums).isFlat();
  }

  /** A reward already centred in its group, scaled by the batch's deviation. */
  public static double ofCentred(double centred, Moments batch) {
    return orZero(centred / (batch.deviation() + EPSILON));
  }

  /** The second half of {@code NORMALIZE_THEN_SUM}. */
  public static double ofNormalizedSum(double sum, Moments batch) {
    return orZero((sum - batch.mean()) / (batch.deviation() + EPSILON));
  }

  /**
   * The advantages of a whole batch held in memory.
   *
   * @param rewards {@code (N, F)}, the completions of a group side by side
   * @param groupSize completions a prompt, {@code G}; divides N
   * @return {@code (N)}
   */
  public static double[] ofBatch(
      double[][] rewards,
      int groupSize,
      double[] weights,
      Scaling scaling,
      Aggregation aggregation) {
    if (groupSize < 1 || rewards.length % groupSize != 0) {
      throw new IllegalArgumentException(
          "Cannot cut %d completions into groups of %d: num_generations must divide their number"
              .formatted(rewards.length, groupSize));
    }
    double[] combined = new double[rewards.length];
    for (int start = 0; start < rewards.length; start += groupSize) {
      double[][] group = Arrays.copyOfRange(rewards, start, start + groupSize);
      double[] values =
          switch (aggregation) {
            case SUM_THEN_NORMALIZE ->
                Arrays.stream(group).mapToDouble(row -> weightedSum(row, weights)).toArray();
            case NORMALIZE_THEN_SUM -> normalizedSums(group, weights);
          };
      System.arraycopy(values, 0, combined, start, groupSize);
    }
    Moments batch = batchMoments(combined);
    if (aggregation == Aggregation.NORMALIZE_THEN_SUM) {
      return Arrays.stream(combined).map(sum -> ofNormalizedSum(sum, batch)).toArray();
    }
    double[] advantages = new double[rewards.length];
    for (int start = 0; start < rewards.length; start += groupSize) {
      double[] group = Arrays.copyOfRange(combined, start, start + groupSize);
      System.arraycopy(of(group, scaling, batch), 0, advantages, start, groupSize);
    }
    return advantages;
  }

  /** Moments of a batch; a lone completion deviates by nothing. */
  static Moments batchMoments(double[] values) {
    Moments moments = Moments.of(values);
    return values.length > 1 ? moments : new Moments(moments.mean(), 0);
  }

  private static double orZero(double value) {
    return Double.isNaN(value) ? 0 : value;
  }

  private static void requireWeights(int functions, double[] weights) {
    if (functions != weights.length) {
      throw new IllegalArgumentException(
          "Cannot weigh %d rewards with %d weights: give --reward_weights one number for each of --reward_funcs"
              .formatted(functions, weights.length));
    }
  }
}
