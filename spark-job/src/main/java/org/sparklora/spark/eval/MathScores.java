package org.sparklora.spark.eval;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.sparklora.pipeline.table.ScoredGeneration;
import org.sparklora.pipeline.table.TableException;
import org.sparklora.pipeline.table.Verdict;
import org.sparklora.reward.AnswerReward;
import org.sparklora.reward.math.AnswerVotes;

/**
 * Adds up the verdicts on completions by problem. Only completions judged right or wrong count; the
 * others are counted by reason. A problem with fewer than k judged completions is left out of
 * pass@k. Not thread-safe.
 */
final class MathScores {
  private final List<Integer> wanted; // the k of pass@k
  private final Map<String, Map<String, MathScores>> byColumn = new LinkedHashMap<>();
  private final List<Problem> all = new ArrayList<>();
  private final Map<String, Integer> verdicts = new TreeMap<>();
  private final Map<String, Integer> notJudged = new TreeMap<>(); // completions by reason
  private long completions = 0;
  private long tokens = 0;
  private long truncated = 0;

  /** Completions of a problem; majority 1: most answer rightly, else 0; NaN: not known. */
  private record Problem(int judged, int right, double majority) {}

  /** Scores by the k of each pass@k; also of their own for each value of some columns. */
  MathScores(List<Integer> wanted, List<String> columns) {
    this.wanted = wanted;
    columns.forEach(column -> byColumn.put(column, new TreeMap<>()));
  }

  /** Adds all completions of some problems; {@code reward} finds and compares answers. */
  void add(List<ScoredGeneration> scored, AnswerReward reward) {
    scored.stream()
        .collect(
            Collectors.groupingBy(
                row -> row.generation().prompt().id(), LinkedHashMap::new, Collectors.toList()))
        .values()
        .forEach(rows -> add(rows, rows.size() < 2 ? Double.NaN : majority(rows, reward)));
  }

  private void add(List<ScoredGeneration> rows, double majorityIsRight) {
    int judged = 0;
    int right = 0;
    for (ScoredGeneration row : rows) {
      Verdict verdict = row.judged().verdict();
      verdicts.merge(verdict.text(), 1, Integer::sum);
      completions++;
      tokens += row.generation().tokens().length;
      truncated += row.generation().isTruncated() ? 1 : 0;
      if (verdict == Verdict.CORRECT || verdict == Verdict.WRONG) {
        judged++;
        right += verdict == Verdict.CORRECT ? 1 : 0;
      } else {
        notJudged.merge(row.judged().reason(), 1, Integer::sum);
      }
    }
    all.add(new Problem(judged, right, judged > 0 ? majorityIsRight : Double.NaN));
    Map<String, String> columns = rows.get(0).generation().prompt().columns();
    byColumn.forEach(
        (column, scores) ->
            scores
                .computeIfAbsent(
                    String.valueOf(columns.get(column)), value -> new MathScores(wanted, List.of()))
                .add(rows, majorityIsRight));
  }

  /** 1 if the most frequent answer is right, of equally frequent ones the first; else 0. */
  private static double majority(List<ScoredGeneration> rows, AnswerReward reward) {
    List<String> texts = rows.stream().map(row -> row.generation().text()).toList();
    return AnswerVotes.of(reward, texts).answers().stream()
            .limit(1)
            .flatMap(answer -> answer.voters().stream())
            .anyMatch(voter -> rows.get(voter).judged().verdict() == Verdict.CORRECT)
        ? 1
        : 0;
  }

  /** Refuses problems of which no completion was judged right or wrong. */
  void requireJudged(String dataset) {
    if (pass(1).length == 0) {
      throw new TableException(
          "Cannot evaluate on %s: not one completion of its problems could be judged (%s); check its solutions, or try --reward_dialect sound"
              .formatted(dataset, String.join(", ", notJudged.keySet())));
    }
  }

  /** pass@k of each problem with k judged completions. */
  private double[] pass(int k) {
    return all.stream()
        .filter(problem -> problem.judged >= k)
        .mapToDouble(problem -> PassAtK.of(problem.judged, problem.right, k))
        .toArray();
  }

  /** The mean of the estimates, if there are any, its interval, and the numbers of problems. */
  private Map<String, Object> shown(double[] problems) {
    Map<String, Object> shown = new LinkedHashMap<>();
    if (problems.length > 0) {
      PassAtK share = PassAtK.over(problems);
      shown.put("value", share.value());
      shown.put("low", share.low());
      shown.put("high", share.high());
    }
    shown.put("problems", problems.length);
    shown.put("problems_left_out", all.size() - problems.length);
    return shown;
  }

  /** pass@k of each k, and maj@n of n completions a problem. */
  private Map<String, Object> shares() {
    Map<String, Object> shares = new LinkedHashMap<>();
    wanted.forEach(k -> shares.put(MathEvalConfig.pass(k), shown(pass(k))));
    double[] votes =
        all.stream().mapToDouble(Problem::majority).filter(vote -> !Double.isNaN(vote)).toArray();
    if (votes.length > 0) {
      shares.put(MathEvalConfig.majority(completions / all.size()), shown(votes));
    }
    return shares;
  }

  /** All counts, by name, of an evaluation that took so long. */
  Map<String, Object> summary(double seconds) {
    Map<String, Object> summary = new LinkedHashMap<>();
    summary.put("problems", pass(1).length); // with a judged completion
    summary.put("completions", completions);
    summary.put(
        "unverifiable_completions", (long) verdicts.getOrDefault(Verdict.UNVERIFIABLE.text(), 0));
    summary.put("not_judged", notJudged);
    summary.putAll(shares());
    if (!byColumn.isEmpty()) {
      Map<String, Object> by = new LinkedHashMap<>();
      byColumn.forEach(
          (column, scores) -> {
            Map<String, Object> values = new LinkedHashMap<>();
            scores.forEach((value, score) -> values.put(value, score.shares()));
            by.put(column, values);
          });
      summary.put("by", by);
    }
    summary.put("verdicts", verdicts);
    summary.put("completions/mean_length", (double) tokens / Math.max(1, completions));
    summary.put("completions/clipped_ratio", (double) truncated / Math.max(1, completions));
    summary.put("seconds", seconds);
    summary.put("completion_tokens_per_second", tokens / seconds);
    return summary;
  }
}
