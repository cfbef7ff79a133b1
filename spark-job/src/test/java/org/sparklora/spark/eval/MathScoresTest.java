package org.sparklora.spark.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.sparklora.pipeline.table.Generation;
import org.sparklora.pipeline.table.Prompt;
import org.sparklora.pipeline.table.ScoredGeneration;
import org.sparklora.pipeline.table.Verdict;
import org.sparklora.reward.math.MathReward;

class MathScoresTest {
  private static final MathReward REWARD = MathReward.of(MathReward.Dialect.MATH_VERIFY);

  private static List<ScoredGeneration> problem(long id, Verdict... verdicts) {
    Prompt prompt = new Prompt(id, "?", new int[] {1}, Optional.of("1"), Map.of());
    List<ScoredGeneration> rows = new ArrayList<>();
    for (Verdict verdict : verdicts) {
      Generation generation =
          new Generation(prompt, rows.size(), "1", new int[] {2}, new float[1], Generation.EOS);
      rows.add(
          new ScoredGeneration(
              generation,
              Map.of(),
              new ScoredGeneration.Judged(verdict, "because " + verdict.text(), "", "", 0),
              0,
              0,
              false));
    }
    return rows;
  }

  /** The second problem has one judged completion, the third none. */
  private static Map<String, Object> summary(int... k) {
    List<Integer> wanted = new ArrayList<>();
    for (int one : k) {
      wanted.add(one);
    }
    MathScores scores = new MathScores(wanted, List.of());
    scores.add(problem(0, Verdict.CORRECT, Verdict.WRONG, Verdict.WRONG), REWARD);
    scores.add(problem(1, Verdict.CORRECT, Verdict.UNVERIFIABLE, Verdict.FAILED), REWARD);
    scores.add(problem(2, Verdict.FAILED, Verdict.FAILED, Verdict.UNVERIFIABLE), REWARD);
    return scores.summary(1);
  }

  @Test
  void problemsWithTooFewJudgedCompletionsAreLeftOutAndCounted() {
    Map<String, Object> summary = summary(1, 2, 4);

    assertThat(numbers(summary, "pass@1").get("value"))
        .asInstanceOf(InstanceOfAssertFactories.DOUBLE)
        .isCloseTo((1 / 3.0 + 1) / 2, within(1e-12));
    assertThat(numbers(summary, "pass@1"))
        .containsEntry("problems", 2)
        .containsEntry("problems_left_out", 1);
    assertThat(numbers(summary, "pass@2").get("value"))
        .asInstanceOf(InstanceOfAssertFactories.DOUBLE)
        .isCloseTo(1 - 1 / 3.0, within(1e-12));
    assertThat(numbers(summary, "pass@2"))
        .containsEntry("problems", 1)
        .containsEntry("problems_left_out", 2);
    assertThat(numbers(summary, "pass@4")).isEqualTo(Map.of("problems", 0, "problems_left_out", 3));
    assertThat(summary)
        .containsEntry("problems", 2)
        .containsEntry("completions", 9L)
        .containsEntry("unverifiable_completions", 2L)
        .containsEntry("not_judged", Map.of("because failed", 3, "because unverifiable", 2));
  }

  @Test
  void namesAreInOneOrder() {
    assertThat(numbers(summary(1), "pass@1").keySet())
        .containsExactly("value", "low", "high", "problems", "problems_left_out");
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> numbers(Map<String, Object> summary, String name) {
    return (Map<String, Object>) summary.get(name);
  }

  private static ScoredGeneration answer(long id, String level, int index, String text) {
    Prompt prompt =
        new Prompt(
            id, "?", new int[] {1}, Optional.of("2"), Collections.singletonMap("level", level));
    return new ScoredGeneration(
        new Generation(prompt, index, text, new int[] {2}, new float[1], Generation.EOS),
        Map.of(),
        new ScoredGeneration.Judged(
            text.contains("{2") ? Verdict.CORRECT : Verdict.WRONG, "", "", "", 0),
        0,
        0,
        false);
  }

  /** Two of the first problem's three answers are 2; the second's most frequent answer is 3. */
  @Test
  void theMajorityIsCountedAndEachValueOfAColumn() {
    MathScores scores = new MathScores(List.of(1), List.of("level"));
    scores.add(
        List.of(
            answer(0, "5", 0, "$\\boxed{3}$"),
            answer(0, "5", 1, "$\\boxed{2}$"),
            answer(0, "5", 2, "$\\boxed{2.0}$"),
            answer(1, null, 0, "$\\boxed{2}$"),
            answer(1, null, 1, "$\\boxed{3}$"),
            answer(1, null, 2, "$\\boxed{3}$")),
        REWARD);
    Map<String, Object> summary = scores.summary(1);

    assertThat(numbers(summary, "maj@3")).containsEntry("value", 0.5).containsEntry("problems", 2);
    Map<String, Object> levels = numbers(numbers(summary, "by"), "level");
    assertThat(levels).containsOnlyKeys("5", "null");
    assertThat(numbers(numbers(levels, "5"), "maj@3")).containsEntry("value", 1.0);
    assertThat(numbers(numbers(levels, "5"), "pass@1").get("value"))
        .asInstanceOf(InstanceOfAssertFactories.DOUBLE)
        .isCloseTo(2 / 3.0, within(1e-12));
    assertThat(numbers(numbers(levels, "null"), "maj@3")).containsEntry("value", 0.0);
  }
}
