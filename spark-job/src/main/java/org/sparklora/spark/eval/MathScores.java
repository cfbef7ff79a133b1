package org.sparklora.spark.eval;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.sparklora.pipeline.table.Generation;
import org.sparklora.pipeline.table.ScoredGeneration;
import org.sparklora.pipeline.table.Verdict;

/**
 * Adds up the verdicts on completions by problem. Only completions judged right or wrong count; the
 * others are counted by reason. A problem with fewer than k judged completions is left out of
 * pass@k. Not thread-safe.
 */
final class MathScores {
  private final List<Integer> wanted; // the k of pass@k
  private final Map<Long, int[]> byProblem = new LinkedHashMap<>(); // judged, right completions
  private final Map<String, Integer> verdicts = new TreeMap<>();
  private final Map<String, Integer> notJudged = new TreeMap<>(); // completions by reason
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
      int[] counts = byProblem.computeIfAbsent(generation.prompt().id(), id -> new int[2]);
      unverifiable += verdict == Verdict.UNVERIFIABLE ? 1 : 0;
      if (verdict != Verdict.CORRECT && verdict != Verdict.WRONG) {
        notJudged.merge(row.judged().reason(), 1, Integer::sum);
        continue;
      }
      counts[0]++;
      counts[1] += verdict == Verdict.CORRECT ? 1 : 0;
    }
  }

  /** Number of problems with at least {@code completions} judged completions. */
  int problems(int completions) {
    return (int) byProblem.values().stream().filter(counts -> counts[0] >= completions).count();
  }

  /** Reasons why completions were not judged. */
  String reasons() {
    return String.join(", ", notJudged.keySet());
  }

  long tokens() {
    return tokens;
  }

  /** pass@k over the problems with k judged completions; at least one must exist. */
  PassAtK pass(int k) {
    return PassAtK.over(
        byProblem.values().stream()
            .filter(counts -> counts[0] >= k)
            .mapToDouble(counts -> PassAtK.of(counts[0], counts[1], k))
            .toArray());
  }

  private Map<String, Object> shown(int k) {
    Map<String, Object> shown = new LinkedHashMap<>();
    int problems = problems(k);
    if (problems > 0) {
      PassAtK pass = pass(k);
      shown.put("value", pass.value());
      shown.put("low", pass.low());
      shown.put("high", pass.high());
    }
    shown.put("problems", problems);
    shown.put("problems_left_out", byProblem.size() - problems);
    return shown;
  }

  /** All counts, by name. */
  Map<String, Object> summary() {
    Map<String, Object> summary = new LinkedHashMap<>();
    summary.put("problems", problems(1));
    summary.put("completions", completions);
    summary.put("unverifiable_completions", unverifiable);
    summary.put("not_judged", notJudged);
    wanted.forEach(k -> summary.put("pass@" + k, shown(k)));
    summary.put("verdicts", verdicts);
    summary.put("completions/mean_length", (double) tokens / Math.max(1, completions));
    summary.put("completions/clipped_ratio", (double) truncated / Math.max(1, completions));
    return summary;
  }
}
