package org.sparklora.spark.grpo;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.pipeline.table.Generation;
import org.sparklora.pipeline.table.ScoredGeneration;
import org.sparklora.reward.job.RoundRewards;
import org.sparklora.train.grpo.GroupSelection;

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
    RoundRewards judged =
        new RoundRewards(
            List.copyOf(scored.get(0).rewards().keySet()),
            config.rewards().functions().weightArray(),
            scored.stream().map(ScoredGeneration::rewardArray).toArray(double[][]::new),
            groupSize);
    metrics.putAll(judged.metrics(config.rewards().advantages()));
    metrics.put(
        "completions/not_judged",
        (double) scored.stream().filter(row -> Double.isNaN(row.reward())).count());
    int size = judged.groupSize();
    metrics.put(
        "groups/without_signal",
        (double)
            IntStream.range(0, scored.size() / size)
                .filter(g -> GroupSelection.isFlat(scored.subList(g * size, (g + 1) * size)))
                .count());
    return metrics;
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
