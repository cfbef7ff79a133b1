package org.sparklora.reward.job;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.sparklora.reward.GroupAdvantage;
import org.sparklora.reward.GroupAdvantage.Aggregation;
import org.sparklora.reward.GroupAdvantage.Moments;

/**
 * The rewards of a round as TRL logs them.
 *
 * @param names of the reward functions, {@code (F)}
 * @param weights of the reward functions, {@code (F)}
 * @param rewards {@code (P·G, F)}, the completions of a prompt side by side; NaN: not judged
 * @param groupSize G
 */
public record RoundRewards(
    List<String> names, double[] weights, double[][] rewards, int groupSize) {

  /** TRL's metrics of rewards, under its names; NaN if nothing was judged. */
  public Map<String, Double> metrics(RewardConfig.Advantages config) {
    Map<String, Double> metrics = new LinkedHashMap<>();
    for (int f = 0; f < names.size(); f++) {
      int function = f;
      Moments moments =
          Moments.of(Arrays.stream(rewards).mapToDouble(row -> row[function]).toArray());
      metrics.put("rewards/%s/mean".formatted(names.get(f)), moments.mean());
      metrics.put("rewards/%s/std".formatted(names.get(f)), moments.deviation());
    }
    Moments all = Moments.of(GroupAdvantage.weightedSums(rewards, weights));
    metrics.put("reward", all.mean());
    metrics.put("reward_std", all.deviation());
    metrics.put("frac_reward_zero_std", flatShare(config));
    return metrics;
  }

  /**
   * Share of groups, or of the whole batch, whose deviation of rewards is zero. As in TRL, a group
   * of which fewer than two completions were judged has no deviation.
   */
  private double flatShare(RewardConfig.Advantages config) {
    boolean byBatch = GroupAdvantage.needsBatch(config.scaling(), config.aggregation());
    List<double[][]> divided =
        byBatch ? List.<double[][]>of(rewards) : GroupAdvantage.groups(rewards, groupSize).toList();
    long flat = divided.stream().filter(some -> deviates(some) && isFlat(some, config)).count();
    return (double) flat / divided.size();
  }

  private boolean deviates(double[][] some) {
    return !Double.isNaN(Moments.ofAll(GroupAdvantage.weightedSums(some, weights)).deviation());
  }

  private boolean isFlat(double[][] some, RewardConfig.Advantages config) {
    boolean ofGroups = config.aggregation() == Aggregation.NORMALIZE_THEN_SUM;
    return GroupAdvantage.isFlat(
        GroupAdvantage.ofBatch(
            some,
            ofGroups ? groupSize : some.length,
            weights,
            config.scaling(),
            config.aggregation()));
  }
}
