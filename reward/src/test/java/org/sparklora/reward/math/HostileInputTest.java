package org.sparklora.reward.math;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklora.reward.JsonLines;
import org.sparklora.reward.Judgement;
import org.sparklora.reward.math.MathReward.Dialect;
import org.sparklora.reward.math.MathReward.Recipe;
import org.sparklora.reward.math.number.AlgebraLimit;

/**
 * Random and hostile texts end in a verdict. {@code -Dreward.fuzz.rounds=4000} draws more texts,
 * {@code -Dreward.fuzz.seed=8} other ones.
 */
class HostileInputTest {
  private static final long ROUNDS = Long.getLong("reward.fuzz.rounds", 200);

  private static final long SEED = Long.getLong("reward.fuzz.seed", 7);

  /**
   * Of CPU time, which a busy machine does not use up: ten times what a verdict's steps take. What
   * is not ended by them would be ended by this guard.
   */
  private static final long GUARD_MILLIS = 20_000;

  private static final String[] PIECES =
      ("\\frac{@}@{@\\sqrt{@\\sqrt[3]@(@)@[@]@^@_@x@y@i@e@1@12@0.5@,@;@=@<@\\le@\\cup@"
              + "\\pm@\\infty@\\pi@\\sin@\\log_@!@|@\\%@\\text{@\\boxed{@\\{@\\}@\\int_0^1@dx@"
              + "\\sum_{k=1}^@\\lim_{x\\to 0}@\\begin{pmatrix}@\\end{pmatrix}@&@\\\\@$@ @\\(@\\)@"
              + "-@+@\\cdot@/@\\in@\\mathbb{R}@≤@é@\uD83D\uDE00")
          .split("@");

  private static MathReward reward(Dialect dialect) {
    return new MathReward(Recipe.STRIP_REASONING, dialect, GUARD_MILLIS);
  }

  /** Returns the verdict's reason. */
  private static String assertEnds(MathReward reward, String completion, String solution) {
    Judgement verdict = reward.judge(completion, solution);
    assertThat(verdict.reason())
        .as("%.80s / %.80s", completion, solution)
        .isNotEmpty()
        .isNotEqualTo("out of time")
        .doesNotStartWith("judging failed");
    return verdict.reason();
  }

  /** Not only ends, but long before its steps do. */
  private static void assertTakesFewSteps(String completion, String solution) {
    for (Dialect dialect : Dialect.values()) {
      AlgebraLimit budget = AlgebraLimit.ofMillis(GUARD_MILLIS);
      reward(dialect).judge(completion, solution, budget);
      assertThat(budget.used())
          .as("%s: %.80s / %.80s", dialect, completion, solution)
          .isLessThan(AlgebraLimit.STEPS / 2);
    }
  }

  @ParameterizedTest
  @EnumSource(Dialect.class)
  void randomLatexAndMutatedCasesEndInAVerdict(Dialect dialect) {
    MathReward reward = reward(dialect);
    List<JsonNode> cases = JsonLines.read("/math/reward_cases.jsonl.gz");
    Random random = new Random(SEED);
    int threads = Thread.activeCount();
    for (long round = 0; round < ROUNDS; round++) {
      JsonNode row = cases.get(random.nextInt(cases.size()));
      String solution = row.get("solution").asText();
      assertEnds(reward, "$\\boxed{" + random(random, 30) + "}$", solution);
      assertEnds(
          reward, mutated(row.get("completion").asText(), random), mutated(solution, random));
      String piece = random(random, 3);
      assertEnds(reward, "$" + piece.repeat(random.nextInt(2_000)) + "$", solution);
    }
    assertThat(Thread.activeCount()).isLessThanOrEqualTo(threads);
  }

  private static String random(Random random, int mostPieces) {
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(mostPieces); i >= 0; i--) {
      text.append(PIECES[random.nextInt(PIECES.length)]);
    }
    return text.toString();
  }

  private static String mutated(String text, Random random) {
    StringBuilder result = new StringBuilder(text);
    for (int i = random.nextInt(4); i >= 0 && result.length() > 0; i--) {
      int at = random.nextInt(result.length());
      if (random.nextBoolean()) {
        result.deleteCharAt(at);
      } else {
        result.insert(at, PIECES[random.nextInt(PIECES.length)]);
      }
    }
    return result.toString();
  }

  static Stream<String> repetitions() {
    return Stream.of(
        ("(@{@\\sqrt{@\\frac{1}{@$@\\[@answer @\\boxed{@x^@1+@|@\\text{@ @[@-@\\sqrt[@"
                + ",123@1,@<think>@\\{@{{1},@\\begin{pmatrix}@\\text{m}/@x \\cdot @ and @ is 5@\n@"
                + "\t \n@\uD83D\uDE00@5^\\circ@\\lim_{x\\to@\\sum_{k=1}^9@\\(@\\( answer @"
                + "final answer is \\(@x=@<thinking>@<think></think>@^(@\\frac{a}b@$\\boxed{")
            .split("@"));
  }

  @ParameterizedTest
  @MethodSource("repetitions")
  void longRepetitionsEndInAVerdict(String piece) {
    String text = piece.repeat(100_000 / piece.length());
    for (Dialect dialect : Dialect.values()) {
      MathReward reward = reward(dialect);
      assertEnds(reward, text, "5");
      assertEnds(reward, "\\boxed{" + text + "}", "5");
      assertEnds(reward, "\\boxed{5}", text);
      assertEnds(reward, "\\boxed{1" + text + "2}", "1" + text + "2");
    }
  }

  /** One character between two others, as often as an answer may hold it. */
  @ParameterizedTest
  @ValueSource(strings = {"\n", "$", "\u0085", "\t\n", "9", "(", "{", "[", "="})
  void whatStandsInAnAnswerManyTimesIsReadInFewSteps(String piece) {
    String text = piece.repeat(1_900 / piece.length());
    assertTakesFewSteps("\\boxed{1" + text + "2}", "5");
    assertTakesFewSteps("#### " + text + "a", "5");
    assertTakesFewSteps("\\boxed{5}", "1" + text + "2");
  }

  static Stream<String> delimiters() {
    return Stream.of(
        ("\\(@\\[@$@$$@\\boxed{@{@[@ [@9@1, @\\frac{@\\left(@word @a@$1$, @$1$ and @"
                + "answer is \\(@final answer is \\( @<think>@<think></think>@<thinking>@"
                + "\\(\\boxed{1}@####")
            .split("@"));
  }

  /** The whole of a long text is read once, not from each delimiter in it. */
  @ParameterizedTest
  @MethodSource("delimiters")
  void aTextTwiceAsLongTakesAtMostTwiceTheSteps(String piece) {
    for (Dialect dialect : Dialect.values()) {
      for (String end : List.of("", "\\)", "\\]", "\\\\) \\\\] \\boxed{1}")) {
        long[] steps = new long[2];
        for (int i = 0; i < 2; i++) {
          AlgebraLimit budget = AlgebraLimit.ofMillis(GUARD_MILLIS);
          String text = piece.repeat((i + 1) * 200_000 / piece.length()) + end;
          reward(dialect).judge(text, "5", budget);
          steps[i] = budget.used();
        }
        assertThat(steps[1]).as("%s of %s", dialect, end).isLessThan(2 * steps[0] + 25_000);
        assertThat(steps[0]).isLessThan(AlgebraLimit.STEPS / 4);
      }
    }
  }

  /** Operators that nest without brackets, and brackets in what can be nested. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "3~!~",
        "2~^2~",
        "x~^{2}~",
        "1~/x~",
        "x~\\div x~",
        "7~\\mod 3~",
        "x~|_{x=x+x}~",
        "~\\frac{d}{dx}~x^9",
        "\\{1\\}~\\cup\\{2\\}~",
        "[1,2]~\\setminus[1,2]~",
        "~(~3~!)!~",
        "~|~x~|~",
        "~\\lfloor ~x~\\rfloor ~",
        "~\\max(1,~x~)~",
        "~f(~x~)~",
        "~-(~x~)~",
        "~x_{~1~}~",
        "~\\{1,~2~\\}~",
        "~\\int_0^{~1~}x dx~",
        "~\\frac{d}{dx}(~x^9~)~",
        "~\\begin{vmatrix}x&1\\\\1&~2~\\end{vmatrix}~",
        "~\\begin{pmatrix}1&1\\\\1&x\\end{pmatrix}~"
      })
  void whateverNestsEndsInAVerdictAndNotTheStack(String pattern) {
    for (int times : new int[] {20, 148, 3_000}) {
      String text = nested(pattern, times);
      for (Dialect dialect : Dialect.values()) {
        MathReward reward = reward(dialect);
        for (String[] pair :
            new String[][] {
              {"\\boxed{" + text + "}", "5"},
              {"$\\boxed{" + text + "}$", text},
              {"\\boxed{5}", text}
            }) {
          assertThat(assertEnds(reward, pair[0], pair[1]))
              .as("the stack is a last resort: %.40s, %d times", pattern, times)
              .doesNotContain("StackOverflowError");
        }
      }
    }
  }

  /** Every second part between tildes is repeated. */
  private static String nested(String pattern, int times) {
    String[] parts = pattern.split("~");
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < parts.length; i++) {
      text.append(i % 2 == 1 ? parts[i].repeat(times) : parts[i]);
    }
    return text.toString();
  }

  @ParameterizedTest
  @EnumSource(Dialect.class)
  void textsOfTenMillionCharactersEndInAVerdict(Dialect dialect) {
    MathReward reward = reward(dialect);
    for (String piece : List.of("9", "x+", "\\boxed{1} ", "$1$, ", "answer is ", "<think>", "\n")) {
      String text = piece.repeat(10_000_000 / piece.length());
      assertEnds(reward, text, "5");
      assertEnds(reward, "\\boxed{5}", text);
    }
    String commas = "\\boxed{x=k" + ", ".repeat(1_000_000) + "k}";
    assertEnds(reward, commas, "x=k, k\\in\\mathbb{Z}");
  }

  @Test
  void whatIsHugeIsRefusedInFewSteps() {
    String digits = "7".repeat(100_000);
    for (String huge :
        List.of(
            "5^{5^{5^{5^5}}}",
            "10^{10^{10}}",
            "(10^9)!",
            "((9!)!)!",
            "2^{10^{12}}",
            "\\binom{10^{9}}{5^{12}}",
            "\\sqrt{10^{4000}+1}",
            "\\sqrt{10^{30000}+1}",
            "\\gcd(6^{20000},10^{30000})",
            "\\sqrt{2+10^{9000}}+\\sqrt{3}",
            digits,
            digits + "." + digits,
            "[0," + digits + ")",
            "{".repeat(500_000) + "}".repeat(500_000),
            "\\{" + "{1},".repeat(100_000) + "1\\}",
            "\\begin{pmatrix}" + "1&".repeat(3_000) + "1\\end{pmatrix}",
            "\\{" + "12,".repeat(3_000) + "1\\}",
            "(" + "12,".repeat(3_000) + "1)")) {
      assertTakesFewSteps("\\boxed{" + huge + "}", "7");
      assertTakesFewSteps("\\boxed{7}", huge);
    }
  }

  /**
   * A common divisor of numbers of 10^5 bits takes a quarter of a second, a product a millisecond.
   */
  @Test
  void bigNumbersAreChargedByWhatTheyTake() {
    assertThat(steps("(\\frac{7}{3})^{20000}")).isGreaterThan(3 * steps("7^{20000}"));
    assertThat(steps("\\frac{7^{10000}}{3^{9000}}+\\frac{5^{9000}}{2^{20000}}"))
        .isGreaterThan(20_000);
    assertThat(steps("\\sin 1+10^{600}")).isGreaterThan(20 * steps("\\sin 1+10^{2}"));
  }

  private static long steps(String answer) {
    AlgebraLimit budget = AlgebraLimit.ofMillis(GUARD_MILLIS);
    reward(Dialect.MATH_VERIFY).judge("\\boxed{" + answer + "}", answer + "+1", budget);
    return budget.used();
  }
}
