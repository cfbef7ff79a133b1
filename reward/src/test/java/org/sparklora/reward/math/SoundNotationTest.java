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
          \\text{Option B}         @ B                      @ CORRECT
          \\text{Option B}         @ C                      @ WRONG
          B                        @ \\textbf{(B)}\\ 12      @ CORRECT
          12                       @ \\textbf{(B)}\\ 12      @ CORRECT
          C                        @ \\textbf{(B)}\\ 12      @ WRONG
          \\textbf{(C)}\\ 12       @ \\textbf{(B)}\\ 12      @ WRONG
          \\textbf{(B)}\\ 13       @ \\textbf{(B)}\\ 12      @ WRONG
          \\textbf{(B)}\\ 12.0     @ \\textbf{(B)}\\ 12      @ CORRECT
          \\textbf{(B)}\\ 12\\text{ cm} @ \\textbf{(B)}\\ 12 @ CORRECT
          \\textbf{(A)}\\ \\frac{4}{3} @ "$\\textbf{(A)}\\ \\frac{3}{4}$" @ WRONG
          \\textbf{(A)}\\ \\frac{6}{8} @ "$\\textbf{(A)}\\ \\frac{3}{4}$" @ CORRECT
          (A)\\ 0.75               @ \\textbf{(A)}\\ \\frac{3}{4} @ CORRECT
          (A)\\ 2\\sqrt{5}         @ \\textbf{(A)}\\ 5\\sqrt{2} @ WRONG
          (A)\\ \\sqrt{50}         @ \\textbf{(A)}\\ 5\\sqrt{2} @ CORRECT
          (A)\\ 3\\pi              @ \\textbf{(A)}\\ 2\\pi   @ WRONG
          (A)\\ 12\\text{ m}       @ \\textbf{(A)}\\ 12\\text{ cm} @ WRONG
          (A)\\ 12\\text{ red hens} @ \\textbf{(A)}\\ 12\\text{ hens} @ CORRECT
          \\textbf{(B)}\\ 12       @ 12                     @ CORRECT
          \\textbf{(B)}\\ 12       @ 13                     @ WRONG
          B                        @ (B)\\ 12               @ CORRECT
          A                        @ \\text{(A)}, \\text{(C)} @ WRONG
          A, C                     @ \\text{(A)}, \\text{(C)} @ CORRECT
          A                        @ \\textbf{(A)}\\text{ and }\\textbf{(C)} @ WRONG
          A B C D                  @ A                      @ WRONG
          (A) (B)                  @ A                      @ WRONG
          A. B. C. D.              @ A                      @ WRONG
          C. A triangle            @ C                      @ CORRECT
          \\textbf{(B)}\\ e        @ B                      @ CORRECT
          \\text{Yes or no}        @ \\text{Yes}            @ WRONG
          \\text{no, yes}          @ \\text{No}             @ WRONG
          \\text{No, since }x>0    @ \\text{No}             @ CORRECT
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
          A and C                  @ A, C                   @ CORRECT
          \\text{A and C}          @ AC                     @ CORRECT
          AC                       @ A, C                   @ CORRECT
          (A)(C)                   @ \\text{(A) and (C)}    @ CORRECT
          \\text{A}, \\text{C}      @ AC                     @ CORRECT
          A, C                     @ A, B                   @ WRONG
          A                        @ A, C                   @ WRONG
          A, C                     @ A                      @ WRONG
          ABC                      @ A, C                   @ WRONG
          ABCD                     @ BDAC                   @ WRONG
          B, D, A, C               @ BDAC                   @ CORRECT
          ③①                       @ ①③                     @ CORRECT
          ④①②                      @ ①②④                    @ CORRECT
          ④①②                      @ ①②③                    @ WRONG
          ①②③                      @ ③①②                    @ WRONG
          """)
  void severalLettersAreChosen(String answer, String solution, Verdict verdict) {
    assertVerdict(answer, solution, verdict);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          \\begin{cases} x=1 \\\\ y=2 \\end{cases}           @ x=1, y=2  @ CORRECT
          \\begin{cases} x=1 \\\\ y=2 \\end{cases}           @ (1,2)      @ CORRECT
          \\begin{cases} x=2 \\\\ y=1 \\end{cases}           @ x=1, y=2  @ WRONG
          \\begin{cases} x & = 1, \\\\ y & = 2 \\end{cases}   @ x=1, y=2  @ CORRECT
          \\left\\{\\begin{array}{l} x=1 \\\\ y=2 \\end{array}\\right. @ y=2, x=1 @ CORRECT
          x=1, y=2                @ \\begin{cases} x=1 \\\\ y=2 \\end{cases} @ CORRECT
          \\begin{cases} x>1 \\\\ x\\le 5 \\end{cases}       @ (1,5]      @ CORRECT
          \\begin{cases} x, & x>0 \\\\ 0, & x\\le 0 \\end{cases} @ x, 0    @ WRONG
          """)
  void systemsAreLists(String answer, String solution, Verdict verdict) {
    assertVerdict(answer, solution, verdict);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          1.5e3                    @ 1.5\\times 10^3        @ CORRECT
          1500                     @ 1.5e3                  @ CORRECT
          1.5e-3\\text{ m}         @ 0.0015                 @ CORRECT
          1.5e4                    @ 1500                   @ WRONG
          2e-3                     @ 2e - 3                 @ CORRECT
          2e^3                     @ 2000                   @ WRONG
          1,00,000                 @ 100000                 @ WRONG
          ₹100,000                 @ 100000                 @ CORRECT
          500                      @ \\text{Rs. }500        @ CORRECT
          \\$500                   @ Rs. 500                @ WRONG
          ٤٢                       @ 42                     @ CORRECT
          （１，２）                 @ (1,2)                  @ CORRECT
          \\text{5 : 3}            @ 5:3                    @ CORRECT
          \\text{no real solution} @ \\emptyset             @ CORRECT
          \\text{None}             @ \\emptyset             @ CORRECT
          """)
  void numbersOfProgramsAndOtherCountriesAreRead(String answer, String solution, Verdict verdict) {
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
          \\frac{1\\,\\pm\\,\\sqrt{5}}{2} @ \\frac{1\\pm\\sqrt{5}}{2}                 @ CORRECT
          \\frac{1\\pm\\sqrt{5}}{2},\\frac{3\\pm i}{2} @ \\frac{1+\\sqrt{5}}{2},\\frac{1-\\sqrt{5}}{2},\\frac{3+i}{2},\\frac{3-i}{2} @ CORRECT
          \\{\\frac{1\\pm\\sqrt{5}}{2},3\\} @ 3,\\frac{1+\\sqrt{5}}{2},\\frac{1-\\sqrt{5}}{2} @ CORRECT
          (0,\\pm\\sqrt{5})           @ (0,\\sqrt{5}),(0,-\\sqrt{5})                 @ CORRECT
          (0,4)                      @ (0,\\pm 4)                                  @ WRONG
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
          ]-\\infty;2[             @ (-\\infty,2)           @ CORRECT
          ]-\\infty,\\frac{1}{2}]  @ x\\le\\frac{1}{2}      @ CORRECT
          ]0;1]                    @ [0,1]                  @ WRONG
          [\\sqrt[3]{2},5]         @ [\\sqrt[3]{2},5]       @ CORRECT
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

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          x=2\\ \\text{or}\\ x=3    @ 2,3                    @ CORRECT
          2\\;\\text{or}\\;3        @ \\{3,2\\}              @ CORRECT
          x<-2 \\ \\text{or} \\ x>3 @ (-\\infty,-2)\\cup(3,\\infty) @ CORRECT
          2 \\text{ or } 3          @ 2.3                    @ WRONG
          125,5                     @ 5 \\text{ or } 125     @ CORRECT
          5125                      @ 5 \\text{ or } 125     @ WRONG
          """)
  void alternativesAreListedDespiteSpaces(String answer, String solution, Verdict verdict) {
    assertVerdict(answer, solution, verdict);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          2 1/2 hours                @ 2.5                    @ CORRECT
          3\\frac{1}{2} cups         @ \\frac{7}{2}           @ CORRECT
          12\\,000 \\text{ km}       @ 12000                  @ CORRECT
          12 000 km                  @ 12000                  @ CORRECT
          2\\sqrt{3} cm              @ 2\\sqrt{3}             @ CORRECT
          36\\pi square units        @ 36\\pi                 @ CORRECT
          2\\pi h                    @ 2\\pi                  @ WRONG
          5 times                    @ 5                      @ CORRECT
          5\\text{ times 3}          @ 5                      @ WRONG
          5\\text{ lakh}             @ 5                      @ WRONG
          9.8\\,\\mathrm{m\\,s^{-2}} @ 9.8 \\text{ m/s}^2     @ CORRECT
          9.8\\,\\mathrm{m\\,s^{-1}} @ 9.8 \\text{ m/s}^2     @ WRONG
          15\\,\\mathrm{min}        @ 15                     @ CORRECT
          15\\text{sec}              @ 15\\text{ min}         @ WRONG
          \\mathrm{min}(15,20)       @ 15                     @ CORRECT
          5\\,\\Omega               @ 5                      @ CORRECT
          5\\,\\text{k}\\Omega      @ 5000\\text{ ohms}     @ CORRECT
          5\\,\\Omega               @ 5\\text{ k}\\Omega     @ WRONG
          5 kJ                       @ 5000\\text{ J}         @ CORRECT
          5 kJ                       @ 5\\text{ J}            @ WRONG
          5\\text{ kilojoules}       @ 5 kJ                   @ CORRECT
          2.4\\text{ GHz}            @ 2400\\text{ MHz}       @ CORRECT
          2 MN                       @ 2                      @ WRONG
          2mA                        @ 2                      @ WRONG
          72\\text{ km/h}            @ 20\\text{ m/s}         @ CORRECT
          1\\text{ m}^2              @ 10000\\text{ cm}^2     @ CORRECT
          1\\text{ m}^2              @ 100\\text{ cm}^2       @ WRONG
          0.3\\text{ repeating}      @ 0.3                    @ WRONG
          5\\text{ millionths}       @ 5                      @ WRONG
          2h 15min                   @ 2\\text{ hours }15\\text{ minutes} @ CORRECT
          2h 15m                     @ 135\\text{ min}         @ CORRECT
          30\\text{ h }2\\text{ min} @ 2\\text{ h }30\\text{ min} @ WRONG
          \\text{2 h 15 min}         @ 2h 25min               @ WRONG
          2h                         @ 2                      @ WRONG
          AB=5 cm                    @ 5                      @ CORRECT
          AB=5 cm                    @ 5\\text{ m}            @ WRONG
          t=6\\text{ s}              @ t=5\\text{ s}          @ WRONG
          P=4 s                      @ P=4                    @ WRONG
          T=3                        @ T=3mg                  @ WRONG
          5\\text{ hz}               @ 5\\text{ Hz}           @ CORRECT
          5\\text{ KHz}              @ 5\\text{ kHz}          @ CORRECT
          8\\text{ cm}               @ 3\\text{ cm}, 5\\text{ cm} @ WRONG
          5\\text{ cm}, 3\\text{ cm} @ 3\\text{ cm}, 5\\text{ cm} @ CORRECT
          3\\Omega+1                 @ 1+3\\Omega             @ CORRECT
          2\\mathrm{sec}^2 x         @ 2\\sec^2 x             @ CORRECT
          """)
  void unitsFollowMixedAndGroupedNumbersAndSurds(String answer, String solution, Verdict verdict) {
    assertVerdict(answer, solution, verdict);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          ¾                                        @ \\frac{3}{4}           @ CORRECT
          1½                                       @ 1.5                    @ CORRECT
          x⁴−1                                     @ x^4-1                  @ CORRECT
          10⁻³                                     @ 0.001                  @ CORRECT
          x₁=2, x₂=3                               @ x_1=2, x_2=3           @ CORRECT
          5\u202fkm                                @ 5                      @ CORRECT
          60^{\\degree}                            @ 60^\\circ              @ CORRECT
          60^{°}                                   @ 60                     @ CORRECT
          x\\in\\mathbb R                          @ (-\\infty,\\infty)     @ CORRECT
          \\mathbb{R}\\backslash\\{0\\}            @ x\\ne 0                @ CORRECT
          \\mathbb{R}-\\{0\\}                      @ (-\\infty,0)\\cup(0,\\infty) @ CORRECT
          3\\text{i}                               @ 3i                     @ CORRECT
          3\\text{i}                               @ 3                      @ WRONG
          0.(3)                                    @ \\frac{1}{3}           @ CORRECT
          0.\\dot{1}\\dot{2}                       @ \\frac{4}{33}          @ CORRECT
          5pi                                      @ 5\\pi                  @ CORRECT
          \\begin{pmatrix} 1 \\\\[4pt] 2 \\end{pmatrix} @ \\begin{pmatrix} 1 \\\\ 2 \\end{pmatrix} @ CORRECT
          """)
  void signsOfUnicodeAndOlderCommandsAreRead(String answer, String solution, Verdict verdict) {
    assertVerdict(answer, solution, verdict);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          f_{\\max}=5     @ 5                      @ CORRECT
          P(X>2)=\\frac14 @ 0.25                   @ CORRECT
          \\frac14        @ P(X>2)=\\frac14        @ CORRECT
          P(X>2)=\\frac14 @ P(X>3)=\\frac14        @ WRONG
          """)
  void aNameThatCannotBeReadGivesItsValue(String answer, String solution, Verdict verdict) {
    assertVerdict(answer, solution, verdict);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          \\boldsymbol{\\frac{1}{2}}        @ 0.5                     @ CORRECT
          \\textcolor{blue}{\\{1,2\\}}      @ 1,2                     @ CORRECT
          \\bf 5                            @ 5                       @ CORRECT
          = 5                               @ 5                       @ CORRECT
          \\text{Answer: }x=4               @ x=4                     @ CORRECT
          \\binom52                         @ 10                      @ CORRECT
          \\text{6 and 8}                   @ 6, 8                    @ CORRECT
          \\text{6 and 8}                   @ 6                       @ WRONG
          \\text{\\$}3.50                   @ 3.5                     @ CORRECT
          20元                              @ 20\\text{ yuan}         @ CORRECT
          (0,0),(2,\\pm 2)                  @ (0,0),(2,2),(2,-2)      @ CORRECT
          \\mathbb{R}^{+}                   @ (0,\\infty)             @ CORRECT
          (2,1)                             @ \\begin{pmatrix}2\\\\1\\end{pmatrix} @ CORRECT
          (1,2)                             @ \\begin{pmatrix}2\\\\1\\end{pmatrix} @ WRONG
          \\{1,2\\}                         @ \\begin{pmatrix}1\\\\2\\end{pmatrix} @ WRONG
          \\infty, 7                        @ 7                       @ WRONG
          """)
  void typeIsNoPartOfAnAnswer(String answer, String solution, Verdict verdict) {
    assertVerdict(answer, solution, verdict);
  }
}
