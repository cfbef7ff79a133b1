package org.sparklora.reward.math;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sparklora.pipeline.table.Verdict;
import org.sparklora.reward.JsonLines;
import org.sparklora.reward.Judgement;
import org.sparklora.reward.math.MathReward.Dialect;
import org.sparklora.reward.math.MathReward.Recipe;

/** Numbers that are close to each other, or large, or both, and lists that repeat an element. */
class NumberComparisonTest {
  private final MathReward sound = MathReward.of(Dialect.SOUND);
  private final MathReward reference = MathReward.of(Dialect.MATH_VERIFY);

  @Test
  void noUnequalNumberIsRewardedAndNoEqualOneIsMissed() {
    List<String> undeserved = new ArrayList<>();
    List<String> missed = new ArrayList<>();
    for (JsonNode row : JsonLines.read("/math/number_cases.jsonl.gz")) {
      String completion = row.get("completion").asText();
      String solution = row.get("solution").asText();
      boolean equal = row.get("equal").asBoolean();
      boolean rewarded = reference.judge(completion, solution).verdict() == Verdict.CORRECT;
      boolean byReference = row.get("reward").asDouble() == 1;
      if (rewarded && !equal && !(byReference && toleratedByReference(row))) {
        undeserved.add(row.get("id").asText() + " in math_verify");
      }
      if (!rewarded && equal && byReference) {
        missed.add(row.get("id").asText() + " in math_verify");
      }
      boolean soundly = sound.judge(completion, solution).verdict() == Verdict.CORRECT;
      if (isNumber(row) && soundly && !equal) {
        undeserved.add(row.get("id").asText() + " in sound");
      }
      if (isNumber(row) && !soundly && equal) {
        missed.add(row.get("id").asText() + " in sound");
      }
    }
    assertThat(undeserved).isEmpty();
    assertThat(missed).isEmpty();
  }

  /** Order between sets and tuples, and six places of a decimal, are the reference's to judge. */
  private static boolean toleratedByReference(JsonNode row) {
    return !isNumber(row) || row.get("category").asText().equals("decimal");
  }

  private static boolean isNumber(JsonNode row) {
    return !row.get("category").asText().contains("/");
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          10^{100}                     @ 10^{100}+1                     @ WRONG
          2^{200}-1                    @ 2^{200}                        @ WRONG
          52!+1                        @ 52!                            @ WRONG
          10^{100}+\\sqrt{2}           @ 10^{100}+1+\\sqrt{2}           @ WRONG
          10^{100}+\\sqrt{2}           @ \\sqrt{2}+10^{100}             @ CORRECT
          10^{300}+\\pi                @ 10^{300}+1+\\pi                @ WRONG
          10^{2000}+\\sqrt{2}          @ 1+10^{2000}+\\sqrt{2}          @ WRONG
          10^{2000}+\\sqrt{2}          @ \\sqrt{2}+10^{2000}            @ CORRECT
          10^{60}\\ln 2                @ (10^{60}+1)\\ln 2              @ WRONG
          \\sqrt{10^{100}+1}           @ 10^{50}                        @ WRONG
          \\sqrt{10^{100}}             @ 10^{50}                        @ CORRECT
          \\log_{10}(10^{100}+1)       @ 100                            @ WRONG
          \\lfloor\\sqrt{10^{100}-1}\\rfloor @ 10^{50}                  @ WRONG
          \\lfloor\\sqrt{10^{100}-1}\\rfloor @ 10^{50}-1                @ CORRECT
          \\sin(10^{40})               @ \\sin(10^{40}+1)               @ WRONG
          10^{60}+\\sqrt{2}-10^{60}    @ \\sqrt{2}                      @ CORRECT
          \\frac{1}{10^{60}+\\sqrt{2}-10^{60}} @ \\frac{\\sqrt{2}}{2}   @ CORRECT
          \\frac{1}{10^{90}+\\sqrt{6}} @ \\frac{1}{10^{90}+\\sqrt{6}+1} @ WRONG
          10^{60}+\\gamma              @ 10^{60}+1+\\gamma              @ WRONG
          9000!+1                      @ 9000!                          @ WRONG
          9000!                        @ 9000\\cdot 8999!               @ CORRECT
          (1,10^{100})                 @ (1,10^{100}+1)                 @ WRONG
          \\{1,10^{100}+\\pi\\}        @ \\{1,10^{100}+\\pi+1\\}        @ WRONG
          x=10^{100}                   @ x=10^{100}+1                   @ WRONG
          x=\\frac{141421356237309504880168872420969807857}{10^{38}} @ x=\\sqrt{2} @ WRONG
          f(10^{100})                  @ f(10^{100}+1)                  @ WRONG
          123456789012345678.5         @ 123456789012345679.5           @ WRONG
          10^{20}+0.5                  @ 10^{20}+1.5                    @ WRONG
          """)
  void largeAndCloseNumbersAreToldApart(String answer, String solution, Verdict outcome) {
    String completion = "The answer is $\\boxed{" + answer + "}$.";
    assertThat(reference.judge(completion, solution).verdict()).isEqualTo(outcome);
    assertThat(sound.judge(completion, solution).verdict()).isEqualTo(outcome);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          \\{1,1,2\\}    @ \\{1,2\\}     @ CORRECT @ CORRECT
          \\{1,2\\}      @ \\{1,1,2\\}   @ CORRECT @ CORRECT
          (1,1,2)        @ (1,2)         @ WRONG   @ WRONG
          (1,1,2)        @ \\{1,2\\}     @ WRONG   @ WRONG
          (2,1,1)        @ \\{2,1\\}     @ WRONG   @ WRONG
          \\{2,1,5,2\\}  @ (2,1,5)       @ WRONG   @ WRONG
          2,1,5,2        @ (2,1,5)       @ WRONG   @ WRONG
          2,1,5          @ (2,1,5)       @ CORRECT @ CORRECT
          1,2,2          @ (1,2)         @ WRONG   @ WRONG
          """)
  void repetitionCountsInTuplesOnly(
      String answer, String solution, Verdict inReference, Verdict inSound) {
    String completion = "The answer is $\\boxed{" + answer + "}$.";
    assertThat(reference.judge(completion, solution).verdict()).isEqualTo(inReference);
    assertThat(sound.judge(completion, solution).verdict()).isEqualTo(inSound);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      ignoreLeadingAndTrailingWhitespace = false,
      textBlock =
          """
          east@ east @CORRECT
          west@ east @WRONG
          second@  second @CORRECT
          no change@ no change@CORRECT
          t@ t@CORRECT
          5 km@ 5 km @CORRECT
          """)
  void spacesAroundASolutionAreNoPartOfIt(String answer, String solution, Verdict outcome) {
    assertThat(reference.judge("\\boxed{" + answer + "}", solution).verdict()).isEqualTo(outcome);
  }

  @Test
  void spacesOfUnicodeAreSpacesAsInPython() {
    Judgement percentage = reference.judge("\\boxed{50\u00a0percent}", "50\\%");
    assertThat(percentage.verdict()).isEqualTo(Verdict.CORRECT);
    Judgement plain =
        new MathReward(Recipe.ACCURACY, Dialect.MATH_VERIFY, MathReward.DEFAULT_BUDGET_MILLIS)
            .judge("\\boxed{42}", "Answer:\u00a042");
    assertThat(plain.verdict()).isEqualTo(Verdict.CORRECT);
    Judgement unit = reference.judge("The answer is $5 m\u00a0s$.", "5");
    assertThat(unit.verdict()).isEqualTo(Verdict.CORRECT);
  }

  /** A dollar after a digit opens nothing; i is a word of its own only beside no letter. */
  @Test
  void digitsAndWordsOfUnicodeAreThoseOfPython() {
    assertThat(reference.judge("The answer: \u0663$5$ $6$", "6").verdict())
        .isEqualTo(Verdict.CORRECT);
    assertThat(reference.judge("$\\boxed{2πi}$", "2\\pi i").verdict()).isEqualTo(Verdict.WRONG);
  }

  @Test
  void endlessDigitsEndInAVerdict() {
    for (String huge :
        List.of(
            "10^{9000}+\\ln 2",
            "\\sqrt{10^{30000}+1}",
            "e^{1000000}+\\sin 1",
            "(\\sqrt{8}-2\\sqrt{2})^{-5}",
            "((\\sqrt{8}-2\\sqrt{2})^2)^{-1}+\\pi",
            "\\sum_{k=1}^{9000} \\sqrt{k}+10^{400}",
            "\\sin(10^{8000})",
            "10^{5000}\\cdot\\gamma")) {
      for (Dialect dialect : Dialect.values()) {
        Judgement verdict = MathReward.of(dialect).judge("\\boxed{" + huge + "}", huge + "+1");
        assertThat(verdict.verdict()).as(huge).isEqualTo(Verdict.WRONG);
      }
    }
  }
}
