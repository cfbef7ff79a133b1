package org.sparklora.spark.eval;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.DoubleStream;
import org.sparklora.pipeline.table.Prompt;
import org.sparklora.pipeline.table.ScoredGeneration;
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
  private final Map<Long, int[]> byProblem = new LinkedHashMap<>(); // judged, right completions
  private final Map<Long, Double> majority = new LinkedHashMap<>(); // 1: most answer rightly
  private final Map<String, Integer> verdicts = new TreeMap<>();
  private final Map<String, Integer> notJudged = new TreeMap<>(); // completions by reason
  private long completions = 0;
  private long tokens = 0;
  private long truncated = 0;

  /** Scores by the k of each pass@k; also of their own for each value of some columns. */
  MathScores(List<Integer> wanted, List<String> columns) {
    this.wanted = wanted;
    columns.forEach(column -> byColumn.put(column, new TreeMap<>()));
  }

  /** Adds all completions of some problems; {@code reward} finds and compares answers. */
  void add(List<ScoredGeneration> scored, AnswerReward reward) {
    Map<Long, List<ScoredGeneration>> problems = new LinkedHashMap<>();
    scored.forEach(
        row ->
            problems
                .computeIfAbsent(row.generation().prompt().id(), id -> new ArrayList<>())
                .add(row));
    problems.values().forEach(rows -> add(rows, rows.size() < 2 ? 0 : majority(rows, reward)));
  }

  private void add(List<ScoredGeneration> rows, double majorityIsRight) {
    Prompt prompt = rows.get(0).generation().prompt();
    int[] counts = byProblem.computeIfAbsent(prompt.id(), id -> new int[2]);
    for (ScoredGeneration row : rows) {
      Verdict verdict = row.judged().verdict();
      verdicts.merge(verdict.text(), 1, Integer::sum);
      completions++;
      tokens += row.generation().tokens().length;
      truncated += row.generation().isTruncated() ? 1 : 0;
      if (verdict != Verdict.CORRECT && verdict != Verdict.WRONG) {
        notJudged.merge(row.judged().reason(), 1, Integer::sum);
        continue;
      }
      counts[0]++;
      counts[1] += verdict == Verdict.CORRECT ? 1 : 0;
    }
    if (rows.size() > 1 && counts[0] > 0) {
      majority.put(prompt.id(), majorityIsRight);
    }
    byColumn.forEach(
        (column, scores) ->
            scores
                .computeIfAbsent(
                    String.valueOf(prompt.columns().get(column)),
                    value -> new MathScores(wanted, List.of()))
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

  /** Number of problems with a judged completion. */
  int problems() {
    return (int) pass(1).count();
  }

  /** Reasons why completions were not judged. */
  String reasons() {
    return String.join(", ", notJudged.keySet());
  }

  long tokens() {
    return tokens;
  }

  /** pass@k of each problem with k judged completions. */
  private DoubleStream pass(int k) {
    return byProblem.values().stream()
        .filter(counts -> counts[0] >= k)
        .mapToDouble(counts -> PassAtK.of(counts[0], counts[1], k));
  }

  /** The mean of the estimates, if there are any, its interval, and the numbers of problems. */
  private Map<String, Object> shown(DoubleStream ofProblems) {
    double[] problems = ofProblems.toArray();
    Map<String, Object> shown = new LinkedHashMap<>();
    if (problems.length > 0) {
      PassAtK share = PassAtK.over(problems);
      shown.put("value", share.value());
      shown.put("low", share.low());
      shown.put("high", share.high());
    }
    shown.put("problems", problems.length);
    shown.put("problems_left_out", byProblem.size() - problems.length);
    return shown;
  }

  /** pass@k of each k, and maj@n of n completions a problem. */
  private Map<String, Object> shares() {
    Map<String, Object> shares = new LinkedHashMap<>();
    wanted.forEach(k -> shares.put(MathEvalConfig.pass(k), shown(pass(k))));
    if (!majority.isEmpty()) {
      shares.put(
          MathEvalConfig.majority(completions / byProblem.size()),
          shown(majority.values().stream().mapToDouble(Double::doubleValue)));
    }
    return shares;
  }

  /** All counts, by name. */
  Map<String, Object> summary() {
    Map<String, Object> summary = new LinkedHashMap<>();
    summary.put("problems", problems());
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
    return summary;
  }
}
