package org.sparklora.spark.grpo;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.pipeline.table.Generation;
import org.sparklora.pipeline.table.ScoredGeneration;
import org.sparklora.reward.GroupAdvantage;
import org.sparklora.reward.GroupAdvantage.Aggregation;
import org.sparklora.reward.GroupAdvantage.Moments;
import org.sparklora.train.grpo.GroupSelection;
import org.sparklora.train.workers.Workers;

/** TRL's metrics of the completions of a round and of their rewards. */
final class RoundMetrics {
  private static final Logger LOG = LoggerFactory.getLogger(RoundMetrics.class);

  /** Names of the values of a log row that the terminal shows, in order. */
  static final List<String> PRINTED =
      List.of(
          "loss",
          "grad_norm",
          "learning_rate",
          "num_tokens",
          "completions/mean_length",
          "completions/clipped_ratio",
          "reward",
          "reward_std",
          "frac_reward_zero_std",
          "kl",
          "entropy",
          "aux_loss",
          "clip_ratio/region_mean",
          "sampling/sampling_logp_difference/mean",
          "step_time",
          "eval_loss",
          "eval_reward",
          "eval_reward_std",
          "eval_completions/mean_length",
          "eval_completions/clipped_ratio",
          "eval_entropy",
          "eval_runtime",
          "epoch");

  private RoundMetrics() {}

  /** The metrics of groups that stand side by side, by TRL's names; NaN if nothing was judged. */
  static Map<String, Double> of(List<ScoredGeneration> scored, GrpoConfig config, int groupSize) {
    Map<String, Double> metrics =
        ofLengths(scored.stream().map(ScoredGeneration::generation).toList());
    metrics.putAll(
        ofRewards(
            List.copyOf(scored.get(0).rewards().keySet()),
            config.rewards().functions().weightArray(),
            scored.stream().map(ScoredGeneration::rewardArray).toArray(double[][]::new),
            groupSize,
            config.rewards().advantages()));
    metrics.put(
        "completions/not_judged",
        (double) scored.stream().filter(row -> Double.isNaN(row.reward())).count());
    metrics.put(
        "groups/without_signal",
        (double)
            Workers.batches(scored, groupSize).stream().filter(GroupSelection::isFlat).count());
    return metrics;
  }

  /**
   * TRL's metrics of rewards.
   *
   * @param names of the reward functions, {@code (F)}, which have these weights
   * @param rewards {@code (P·G, F)}, the completions of a prompt side by side; NaN: not judged
   * @param groupSize G
   */
  static Map<String, Double> ofRewards(
      List<String> names, double[] weights, double[][] rewards, int groupSize, GroupAdvantage how) {
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
    List<double[][]> divided =
        how.needsBatch()
            ? List.<double[][]>of(rewards)
            : GroupAdvantage.groups(rewards, groupSize).toList();
    long flat = divided.stream().filter(some -> isFlat(some, weights, groupSize, how)).count();
    metrics.put("frac_reward_zero_std", (double) flat / divided.size());
    return metrics;
  }

  /**
   * Whether the deviation of some rewards, of a group or of the whole batch, is zero. As in TRL,
   * fewer than two judged completions have no deviation.
   */
  private static boolean isFlat(
      double[][] some, double[] weights, int groupSize, GroupAdvantage how) {
    boolean ofGroups = how.aggregation() == Aggregation.NORMALIZE_THEN_SUM;
    return !Double.isNaN(Moments.ofAll(GroupAdvantage.weightedSums(some, weights)).deviation())
        && GroupAdvantage.isFlat(how.ofBatch(some, ofGroups ? groupSize : some.length, weights));
  }

  /** TRL's metrics of lengths; those of ended completions are 0 if none ended. */
  static Map<String, Double> ofLengths(List<Generation> completions) {
    Map<String, Double> metrics = new LinkedHashMap<>();
    addStatistics(metrics, "length", completions);
    List<Generation> ended = completions.stream().filter(one -> !one.isTruncated()).toList();
    metrics.put(
        "completions/clipped_ratio", 1 - (double) ended.size() / Math.max(1, completions.size()));
    addStatistics(metrics, "terminated_length", ended);
    return metrics;
  }

  private static void addStatistics(
      Map<String, Double> metrics, String name, List<Generation> completions) {
    var lengths = completions.stream().mapToInt(one -> one.tokens().length).summaryStatistics();
    boolean any = !completions.isEmpty();
    metrics.put("completions/mean_" + name, lengths.getAverage());
    metrics.put("completions/min_" + name, any ? (double) lengths.getMin() : 0);
    metrics.put("completions/max_" + name, any ? (double) lengths.getMax() : 0);
  }

  /** Warns of a reward function that judged nothing, most often for lack of a column. */
  static void warnOfUnjudged(int round, List<ScoredGeneration> scored) {
    for (String reward : scored.get(0).rewards().keySet()) {
      if (scored.stream().allMatch(row -> Double.isNaN(row.rewards().get(reward)))) {
        LOG.warn(
            "Round {}: {} judged none of the {} completions (of the first: {}), so nothing is learnt from it; look at the columns that it reads",
            round + 1,
            reward,
            scored.size(),
            scored.get(0).judged().reason());
      }
    }
  }
}
