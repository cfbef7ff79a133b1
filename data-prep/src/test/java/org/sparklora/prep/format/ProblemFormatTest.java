package org.sparklora.prep.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.sparklora.text.Message;

class ProblemFormatTest {
  private final ProblemFormat format = of(row("prompt", "?"));

  private final ProblemFormat asking = ProblemFormat.recognise("ask", row("ask", "?"));

  private static ProblemFormat of(Map<String, Object> sample) {
    return ProblemFormat.recognise("prompt", sample);
  }

  private static Map<String, Object> row(Object... cells) {
    Map<String, Object> row = new LinkedHashMap<>();
    for (int i = 0; i < cells.length; i += 2) {
      row.put((String) cells[i], cells[i + 1]);
    }
    return row;
  }

  @Test
  void openR1MathIsJudgedByTheBoxInItsSolution() {
    Problem problem =
        format.problem(
            row("problem", "1+1?", "solution", "Adding, \\boxed{2}.", "answer", "2", "level", 5));

    assertThat(problem.asked()).isEqualTo(new Problem.Text("1+1?", true));
    assertThat(problem.solution()).contains("Adding, \\boxed{2}.");
    assertThat(problem.columns()).containsEntry("answer", "2").containsEntry("level", 5);
  }

  @Test
  void openR1MathIsJudgedByItsAnswerWhereTheSolutionHasNoBox() {
    assertThat(
            format
                .problem(row("problem", "?", "solution", "So $x=2$, since $4>3$.", "answer", "2"))
                .solution())
        .contains("2");
    assertThat(format.problem(row("problem", "?", "solution", "$2$")).solution()).contains("$2$");
  }

  @Test
  void gsm8kIsJudgedByWhatFollowsTheHashes() {
    Problem problem = format.problem(row("question", "1+3?", "answer", "1+3=<<1+3=4>>4\n#### 4"));

    assertThat(problem.asked()).isEqualTo(new Problem.Text("1+3?", true));
    assertThat(problem.solution()).contains("4");
    assertThat(format.problem(row("question", "?", "answer", "#### -1,234,080")).solution())
        .contains("-1234080");
    assertThat(format.problem(row("question", "?", "answer", "#### (1,2)")).solution())
        .contains("(1,2)");
  }

  @Test
  void headingsOfMarkdownAreNotGsm8ksMark() {
    String boxed = "Adding, \\boxed{5}.\n\n#### Check\nSubstituting gives $2+2=4$";
    assertThat(format.problem(row("problem", "?", "solution", boxed)).solution()).contains(boxed);
    String boxAtTheEnd = "Work.\n#### Answer: \\boxed{1,080}";
    assertThat(format.problem(row("question", "?", "answer", boxAtTheEnd)).solution())
        .contains(boxAtTheEnd);
    String section = "#### Answer\n\n1,080";
    assertThat(format.problem(row("question", "?", "answer", section)).solution())
        .contains(section);
    assertThat(format.problem(row("question", "?", "answer", "Work.\n####\n\n1,080\n")).solution())
        .contains("1080");
  }

  @Test
  void deepMathIsJudgedByItsFinalAnswerAndItsWorkedSolutionsAreLeftOut() {
    Map<String, Object> row =
        row(
            "question",
            "Limit?",
            "final_answer",
            "\\dfrac{1}{2}",
            "difficulty",
            4.5,
            "r1_solution_1",
            "…");

    assertThat(format.problem(row).solution()).contains("\\dfrac{1}{2}");
    assertThat(format.problem(row).columns())
        .containsEntry("difficulty", 4.5)
        .doesNotContainKey("r1_solution_1");
    assertThat(of(row).columns())
        .contains("question", "difficulty")
        .doesNotContain("r1_solution_1");
  }

  @Test
  void aPromptIsATextAsItIsOrMessages() {
    assertThat(format.problem(row("prompt", "1+4=", "solution", "5")).asked())
        .isEqualTo(new Problem.Text("1+4=", false));
    Map<String, Object> message = row("role", "user", "content", "1+4?");
    assertThat(format.problem(row("prompt", List.of(message), "problem", "other")).asked())
        .isEqualTo(new Problem.Chat(List.of(Message.ofFields(message))));
    assertThat(asking.problem(row("ask", "1?", "prompt", "2?")).asked())
        .isEqualTo(new Problem.Text("1?", false));
  }

  @Test
  void aSolutionBesideAPromptIsTakenAsItIs() {
    assertThat(format.problem(row("prompt", "?", "solution", "5", "answer", "4")).solution())
        .contains("5");
    assertThat(format.problem(row("prompt", "?", "solution", 5)).solution()).contains("5");
    assertThat(format.problem(row("prompt", "?", "solution", " ")).solution()).isEmpty();
    assertThat(format.problem(row("prompt", "?", "solution", "so\n#### 1,080")).solution())
        .contains("so\n#### 1,080");
    assertThat(format.problem(row("prompt", "?", "answer", "so\n#### 1,080")).solution())
        .contains("1080");
  }

  @Test
  void longColumnsThatAreListsAreNotReadUnlessTheyAreThePrompt() {
    List<String> traces = List.of("a".repeat(5_000));
    Map<String, Object> sample = row("problem", "?", "generations", traces, "uuid", "u");
    assertThat(of(sample).columns())
        .contains("problem", "uuid", "answer")
        .doesNotContain("generations");
    assertThat(of(row("problem", "?", "uuid", "u")).columns()).isEmpty();
    assertThat(of(row("prompt", List.of(row("role", "user")))).columns()).isEmpty();
  }

  @Test
  void rowsWithoutAQuestionSayWhatIsMissing() {
    assertThatThrownBy(() -> format.problem(row("text", "a", "problem", " ")))
        .hasMessageContaining("no text in prompt, problem or question");
    assertThatThrownBy(() -> format.problem(row("prompt", 5)))
        .hasMessageContaining("prompt is a number (5) and not a text or messages");
  }

  @Test
  void aColumnThatWasAskedForIsNotReplacedByAnother() {
    assertThatThrownBy(() -> asking.problem(row("question", "1?", "answer", "1")))
        .hasMessageContaining("column ask is missing");
  }

  /** Rewards read 1.25E7 as 1.25, and 5.0E-4 as 5. */
  @Test
  void aNumberIsASolutionWithoutAnExponent() {
    Map<String, Number> numbers =
        Map.of(
            "12500000", 12_500_000.0,
            "0.0005", 0.0005,
            "0.00001", 0.00001,
            "2.5", 2.5,
            "0", new BigDecimal("0E-8"),
            "0.0000001", new BigDecimal("1.000E-7"));
    numbers.forEach(
        (text, number) ->
            assertThat(format.problem(row("question", "?", "answer", number)).solution())
                .contains(text));
  }

  @Test
  void notANumberIsNoSolution() {
    Map<String, Object> row = row("question", "?", "final_answer", Double.NaN, "answer", "3");
    assertThat(format.problem(row).solution()).contains("3");
    row.put("answer", Float.NaN);
    assertThat(format.problem(row).solution()).isEmpty();
  }

  @Test
  void aSolutionThatIsNoTextIsABadRow() {
    assertThatThrownBy(() -> format.problem(row("question", "1?", "answer", Map.of("value", "1"))))
        .hasMessageContaining("column answer is")
        .hasMessageContaining("not a text or a number");
  }

  @Test
  void problemsWithImagesAreRefused() {
    assertThatThrownBy(() -> of(row("prompt", "How many?", "images", List.of("a.png"))))
        .hasMessageContaining("column images has images, and models here read text alone");
  }

  @Test
  void rewardsSeeListsMapsAndColumnsWithoutAValue() {
    Map<String, Object> row =
        row(
            "prompt",
            "1+4=",
            "tests",
            java.util.List.of("a", 1),
            "of",
            Map.of("k", true),
            "maybe",
            null);

    assertThat(format.problem(row).columns())
        .containsEntry("tests", java.util.List.of("a", 1))
        .containsEntry("of", Map.of("k", true))
        .containsEntry("maybe", null);
    assertThat(of(row).columns()).as("all are read").isEmpty();

    Map<String, Object> traces =
        row("prompt", "1+4=", "traces", java.util.List.of("x".repeat(5_000)));
    ProblemFormat without = of(traces);
    assertThat(without.columns()).contains("prompt").doesNotContain("traces");
    assertThat(without.leftOut()).containsExactly("traces");
    assertThat(without.problem(traces).columns()).containsOnlyKeys("prompt");
  }
}
