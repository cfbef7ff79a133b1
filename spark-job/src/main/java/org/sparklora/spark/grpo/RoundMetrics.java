package org.sparklora.spark.grpo;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.pipeline.table.ScoredGeneration;
import org.sparklora.reward.job.RoundRewards;
import org.sparklora.train.grpo.CompletionLengths;
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

  /**
   * The metrics by TRL's names; NaN if nothing was judged.
   *
   * @param groupSize completions of a prompt, which stand side by side
   */
  static Map<String, Double> of(List<ScoredGeneration> scored, GrpoConfig config, int groupSize) {
    Map<String, Double> metrics =
        new LinkedHashMap<>(
            CompletionLengths.metrics(scored.stream().map(ScoredGeneration::generation).toList()));
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
    metrics.put("groups/without_signal", flatGroups(scored, judged.groupSize()));
    return metrics;
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

  private static double flatGroups(List<ScoredGeneration> scored, int groupSize) {
    int flat = 0;
    for (int start = 0; start < scored.size(); start += groupSize) {
      flat += GroupSelection.isFlat(scored.subList(start, start + groupSize)) ? 1 : 0;
    }
    return flat;
  }
}
