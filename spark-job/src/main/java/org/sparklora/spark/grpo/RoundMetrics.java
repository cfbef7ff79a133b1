package org.sparklora.spark.grpo;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.sparklora.pipeline.table.ScoredGeneration;

/** What TRL logs of the completions of a round and of their rewards. */
final class RoundMetrics {
  private RoundMetrics() {}

  /** Under TRL's names; NaN where nothing was judged. */
  static Map<String, Double> of(List<ScoredGeneration> scored, GrpoConfig config) {
    Map<String, Double> metrics =
        new LinkedHashMap<>(
            CompletionLengths.metrics(scored.stream().map(ScoredGeneration::generation).toList()));
    Judged judged =
        new Judged(
            List.copyOf(scored.get(0).rewards().keySet()),
            config.rewards().weights().stream().mapToDouble(Double::doubleValue).toArray(),
            scored.stream()
                .map(row -> row.rewards().values().stream().mapToDouble(reward -> reward).toArray())
                .toArray(double[][]::new),
            config.sampling().numGenerations());
    metrics.putAll(judged.metrics(config.advantages()));
    metrics.put("groups/without_signal", flatGroups(scored, judged.groupSize()));
    return metrics;
  }

  private static double flatGroups(List<ScoredGeneration> scored, int groupSize) {
    int flat = 0;
    for (int start = 0; start < scored.size(); start += groupSize) {
      flat += GroupSelection.isFlat(scored.subList(start, start + groupSize)) ? 1 : 0;
    }
    return flat;
  }
}
