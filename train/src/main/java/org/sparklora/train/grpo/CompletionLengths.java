package org.sparklora.train.grpo;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.sparklora.pipeline.table.Generation;

/** TRL's metrics of the lengths of completions. */
public final class CompletionLengths {
  private CompletionLengths() {}

  /** The metrics by TRL's names; lengths of ended completions are 0 if none ended. */
  public static Map<String, Double> metrics(List<Generation> completions) {
    Map<String, Double> metrics = new LinkedHashMap<>();
    addStatistics(metrics, "length", lengths(completions));
    List<Generation> ended = completions.stream().filter(one -> !one.isTruncated()).toList();
    metrics.put(
        "completions/clipped_ratio", 1 - (double) ended.size() / Math.max(1, completions.size()));
    addStatistics(metrics, "terminated_length", ended.isEmpty() ? IntStream.of(0) : lengths(ended));
    return metrics;
  }

  private static IntStream lengths(List<Generation> completions) {
    return completions.stream().mapToInt(completion -> completion.tokens().length);
  }

  private static void addStatistics(Map<String, Double> metrics, String name, IntStream lengths) {
    var statistics = lengths.summaryStatistics();
    metrics.put("completions/mean_" + name, statistics.getAverage());
    metrics.put("completions/min_" + name, (double) statistics.getMin());
    metrics.put("completions/max_" + name, (double) statistics.getMax());
  }
}
