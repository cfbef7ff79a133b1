package org.sparklora.spark.eval;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.sparklora.pipeline.table.Generation;
import org.sparklora.pipeline.table.ScoredGeneration;
import org.sparklora.pipeline.table.Verdict;

/** Adds up the verdicts on completions, problem by problem. Not thread-safe. */
final class MathScores {
  private final List<Integer> wanted; // the k of pass@k
  private final Map<Long, int[]> byProblem = new LinkedHashMap<>(); // completions, right ones
  private final Map<String, Integer> verdicts = new TreeMap<>();
  private long unverifiable = 0;
  private long completions = 0;
  private long tokens = 0;
  private long truncated = 0;

  /**
   * @param wanted k of each pass@k
   */
  MathScores(List<Integer> wanted) {
    this.wanted = wanted;
  }

  void add(List<ScoredGeneration> scored) {
    for (ScoredGeneration row : scored) {
      Generation generation = row.generation();
      Verdict verdict = row.judged().verdict();
      verdicts.merge(verdict.text(), 1, Integer::sum);
      completions++;
      tokens += generation.tokens().length;
      truncated += generation.isTruncated() ? 1 : 0;
      if (verdict == Verdict.UNVERIFIABLE) {
        unverifiable++;
        continue;
      }
      int[] counts = byProblem.computeIfAbsent(generation.prompt().id(), id -> new int[2]);
      counts[0]++;
      counts[1] += verdict == Verdict.CORRECT ? 1 : 0;
    }
  }

  /** Problems whose solution could be read. */
  int problems() {
    return byProblem.size();
  }

  long tokens() {
    return tokens;
  }

  /** pass@k over the problems. */
  PassAtK pass(int k) {
    return PassAtK.over(
        byProblem.values().stream()
            .mapToDouble(counts -> PassAtK.of(counts[0], counts[1], k))
            .toArray());
  }

  /** All that was counted, by name. */
  Map<String, Object> summary() {
    Map<String, Object> summary = new LinkedHashMap<>();
    summary.put("problems", byProblem.size());
    summary.put("completions", completions);
    summary.put("unverifiable_completions", unverifiable);
    Map<String, Object> passes = new LinkedHashMap<>();
    if (!byProblem.isEmpty()) {
      for (int k : wanted) {
        PassAtK pass = pass(k);
        passes.put(
            "pass@" + k, Map.of("value", pass.value(), "low", pass.low(), "high", pass.high()));
      }
    }
    summary.putAll(passes);
    summary.put("verdicts", verdicts);
    summary.put("completions/mean_length", (double) tokens / Math.max(1, completions));
    summary.put("completions/clipped_ratio", (double) truncated / Math.max(1, completions));
    return summary;
  }
}
