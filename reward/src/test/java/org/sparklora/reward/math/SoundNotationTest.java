package org.sparklora.reward.math;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sparklora.pipeline.table.Verdict;
import org.sparklora.reward.math.MathReward.Dialect;

/** Answers in the notations of datasets: choices, lists, units, and commands of other languages. */
class SoundNotationTest {
  private static void assertVerdict(String answer, String solution, Verdict verdict) {
    String completion = "The answer is $\\boxed{" + answer + "}$.";
    assertThat(MathReward.of(Dialect.SOUND).judge(completion, solution).verdict())
        .isEqualTo(verdict);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          0,125                    @ 0.125                  @ CORRECT
          0,125                    @ 125                    @ WRONG
          0, 100                   @ 100                    @ WRONG
          0, 100                   @ \\{100,0\\}            @ CORRECT
          200, -100                @ -100, 200              @ CORRECT
          1,234                    @ 1234                   @ CORRECT
          """)
  void onlyThousandsAreGrouped(String answer, String solution, Verdict verdict) {
    assertVerdict(answer, solution, verdict);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          B \\text{ and } C        @ B                      @ WRONG
          (A) \\text{ or } (B)     @ A                      @ WRONG
          A \\text{ or } B \\text{ or } C @ A               @ WRONG
          \\textbf{(B)}\\ 12       @ B                      @ CORRECT
          \\textbf{(B)}~12         @ B                      @ CORRECT
          \\textbf{(B)}\\,12       @ B                      @ CORRECT
          \\textbf{(B)}~12         @ C                      @ WRONG
          """)
  void oneLetterIsChosen(String answer, String solution, Verdict verdict) {
    assertVerdict(answer, solution, verdict);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          1, 2, 3, ...             @ 1,2,3                  @ WRONG
          1,2,3                    @ 1, 2, 3, ...           @ WRONG
          1,2,3,…                  @ 1, 2, 3, ...           @ CORRECT
          1, 2, 3, ...             @ 1,2,3,\\ldots          @ CORRECT
          5!!                      @ 5!!                    @ CORRECT
          6!!                      @ 5!!                    @ WRONG
          """)
  void unreadableNotationEqualsItselfOnly(String answer, String solution, Verdict verdict) {
    assertVerdict(answer, solution, verdict);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          \\frac{1\\pm\\sqrt{5}}{2}   @ \\frac{1+\\sqrt{5}}{2},\\frac{1-\\sqrt{5}}{2} @ CORRECT
          x=\\frac{1\\pm\\sqrt{5}}{2} @ \\frac{1+\\sqrt{5}}{2},\\frac{1-\\sqrt{5}}{2} @ CORRECT
          \\frac{1}{2}\\pm\\frac{\\sqrt{5}}{2} @ \\frac{1\\pm\\sqrt{5}}{2} @ CORRECT
          \\frac{1+\\sqrt{5}}{2}      @ \\frac{1\\pm\\sqrt{5}}{2}                     @ WRONG
          \\frac{1\\pm\\sqrt{5}}{3}   @ \\frac{1\\pm\\sqrt{5}}{2}                     @ WRONG
          """)
  void bothSignsAreReadInsideBrackets(String answer, String solution, Verdict verdict) {
    assertVerdict(answer, solution, verdict);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          (-\\infty;2]             @ x\\le 2                @ CORRECT
          (-\\infty,2]             @ (-\\infty;2]           @ CORRECT
          x\\in(-\\infty;-3]\\cup[2;+\\infty) @ (-\\infty,-3]\\cup[2,\\infty) @ CORRECT
          [1,2]                    @ [1;2]                  @ CORRECT
          (1;2]                    @ [1;2]                  @ WRONG
          (1;2;3)                  @ (1,2,3)                @ CORRECT
          """)
  void semicolonsSeparateTheEndsOfIntervals(String answer, String solution, Verdict verdict) {
    assertVerdict(answer, solution, verdict);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          "7\\ "                   @ 7                      @ CORRECT
          2 \\ (\\text{mod}\\ 5)   @ 2 \\pmod 5             @ CORRECT
          2 \\ (\\text{mod}\\ 5)   @ 3 \\pmod 5             @ WRONG
          \\text{18 dollars}       @ 18                     @ CORRECT
          \\text{25 cm^2}          @ 25                     @ CORRECT
          \\text{15 cm}            @ 15\\text{ m}           @ WRONG
          \\text{5 million}        @ 5                      @ WRONG
          """)
  void spacesAndUprightTypeChangeNoNumber(String answer, String solution, Verdict verdict) {
    assertVerdict(answer, solution, verdict);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          \\operatorname{arctg} 2  @ \\arctan 2             @ CORRECT
          \\operatorname{ctg}\\alpha @ \\cot\\alpha         @ CORRECT
          \\operatorname{tg}^2 x   @ \\tan^2 x              @ CORRECT
          \\lg 2                   @ \\log_{10} 2           @ CORRECT
          \\lg 2                   @ \\ln 2                 @ WRONG
          \\biggl(\\frac{1}{2}\\biggr)^2 @ \\frac{1}{4}     @ CORRECT
          \\left\\{x\\,\\middle|\\,x>2\\right\\} @ (2,\\infty) @ CORRECT
          """)
  void commandsOfOtherLanguagesAndSizesAreKnown(String answer, String solution, Verdict verdict) {
    assertVerdict(answer, solution, verdict);
  }
}
