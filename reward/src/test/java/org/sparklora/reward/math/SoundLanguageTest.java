package org.sparklora.reward.math;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sparklora.pipeline.table.Verdict;
import org.sparklora.reward.math.MathReward.Dialect;

/** Answers in words and units of several languages, in angles, and with names in any order. */
class SoundLanguageTest {
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
          45\\text{ rad}           @ 45^\\circ               @ WRONG
          60\\text{ radians}       @ 60^\\circ               @ WRONG
          60^\\circ                @ 60\\text{ radians}      @ WRONG
          x=45\\text{ rad}         @ x=45^\\circ             @ WRONG
          \\frac{\\pi}{4}\\text{ rad} @ 45^\\circ            @ CORRECT
          45^\\circ                @ \\frac{\\pi}{4}\\text{ rad} @ CORRECT
          45\\text{ degrees}       @ 45^\\circ               @ CORRECT
          45\\text{ degrees}       @ \\frac{\\pi}{4}         @ CORRECT
          45 degrees               @ 45^\\circ               @ CORRECT
          45                       @ 45^\\circ               @ CORRECT
          45\\text{ m}             @ 45^\\circ               @ WRONG
          20^\\circ                @ 20^\\circ C             @ CORRECT
          2\\text{ rad}            @ 2                       @ CORRECT
          """)
  void degreesAreNoRadians(String answer, String solution, Verdict verdict) {
    assertVerdict(answer, solution, verdict);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          y=3, x=-5                @ (3,-5)                  @ WRONG
          y=-5, x=3                @ (3,-5)                  @ CORRECT
          x=3, y=-5                @ (3,-5)                  @ CORRECT
          z=3, y=2, x=1            @ (1,2,3)                 @ CORRECT
          z=1, y=2, x=3            @ (1,2,3)                 @ WRONG
          (y,x)=(3,-5)             @ (3,-5)                  @ WRONG
          (y,x)=(-5,3)             @ (3,-5)                  @ CORRECT
          (x,y)=(3,-5)             @ (3,-5)                  @ CORRECT
          r=2, h=5                 @ (2,5)                   @ CORRECT
          (5,3)                    @ y=5, x=3                @ WRONG
          (3,5)                    @ y=5, x=3                @ CORRECT
          x_{1}=-\\frac{1}{2}, x_{2}=3 @ x=3, x=-\\frac{1}{2} @ CORRECT
          x_1=2, x_2=3             @ x=3, x=-\\frac{1}{2}    @ WRONG
          y_1=-\\frac12, y_2=3     @ x=3, x=-\\frac{1}{2}    @ WRONG
          x_1=2, x_2=-3            @ $x=2$ 或 $x=-3$         @ CORRECT
          x=2\\text{ or }y=-1     @ x=2, y=-1              @ WRONG
          x=2\\text{ or }y=-1     @ x=2\\text{ and }y=-1   @ WRONG
          x=2\\text{ and }y=-1    @ x=2\\text{ or }y=-1    @ WRONG
          x=2\\text{ or }y=-1     @ x=2\\text{ or }y=-1    @ CORRECT
          x=2\\text{ and }y=-1    @ x=2, y=-1              @ CORRECT
          x_1=2\\text{ or }x_2=3  @ x_1=2, x_2=3           @ CORRECT
          """)
  void namesGiveTheOrder(String answer, String solution, Verdict verdict) {
    assertVerdict(answer, solution, verdict);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          1,2,3,5,8                @ 1, 1, 2, 3, 5, 8        @ WRONG
          8,5,3,2,1,1              @ 1, 1, 2, 3, 5, 8        @ CORRECT
          1,1,2,3,5,8              @ 1, 1, 2, 3, 5, 8        @ CORRECT
          2, 3                     @ 2, 2, 3                 @ WRONG
          2, 3, 3                  @ 2, 2, 3                 @ WRONG
          2, 2, 3                  @ 2, 3                    @ CORRECT
          1, 2                     @ \\{1,1,2\\}             @ CORRECT
          """)
  void repeatedElementsOfSolutionsCount(String answer, String solution, Verdict verdict) {
    assertVerdict(answer, solution, verdict);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          5\\text{ 千克}           @ 5 kg                    @ CORRECT
          5\\text{ 克}             @ 5 kg                    @ WRONG
          15\\text{ 厘米}          @ 15\\text{ cm}           @ CORRECT
          15厘米                   @ 15\\text{ cm}           @ CORRECT
          0.15\\text{ 米}          @ 15\\text{ cm}           @ CORRECT
          15\\text{ 米}            @ 15\\text{ cm}           @ WRONG
          15 \\text{ centímetros}  @ 15\\text{ cm}           @ CORRECT
          15 \\text{ centimètres}  @ 15\\text{ cm}           @ CORRECT
          150 \\text{ milímetros}  @ 15\\text{ cm}           @ CORRECT
          15 \\text{ metros}       @ 15\\text{ cm}           @ WRONG
          15\\text{ 平方厘米}      @ 15\\text{ cm}^2         @ CORRECT
          15\\text{ 厘米}          @ 15\\text{ cm}^2         @ WRONG
          15\\text{ metros cuadrados} @ 15\\text{ m}^2       @ CORRECT
          72个                     @ 72                      @ CORRECT
          3\\text{ 万}             @ 3                       @ WRONG
          3万                      @ 30000                   @ CORRECT
          50¢                      @ \\$0.50                 @ CORRECT
          50¢                      @ \\$50                   @ WRONG
          """)
  void unitsHaveNamesInEachLanguage(String answer, String solution, Verdict verdict) {
    assertVerdict(answer, solution, verdict);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          \\text{Sí}               @ Yes                     @ CORRECT
          \\text{是}               @ Yes                     @ CORRECT
          \\text{Да}               @ Yes                     @ CORRECT
          \\text{不是}             @ Yes                     @ WRONG
          \\text{No}               @ Sí                      @ WRONG
          \\text{错误}             @ False                   @ CORRECT
          \\text{not possible}     @ impossible              @ CORRECT
          \\text{It is impossible} @ impossible              @ CORRECT
          \\text{possible}         @ impossible              @ WRONG
          \\text{is undefined}     @ undefined               @ CORRECT
          \\text{is defined}       @ undefined               @ WRONG
          \\text{an even function} @ even                    @ CORRECT
          \\text{an odd function}  @ even                    @ WRONG
          \\text{The statement is true}  @ True              @ CORRECT
          \\text{The statement is false} @ True              @ WRONG
          \\text{The series diverges}    @ \\text{diverges}    @ CORRECT
          \\text{The integral is divergent} @ \\text{diverges} @ CORRECT
          \\text{The series converges}   @ \\text{diverges}    @ WRONG
          \\text{The series does not diverge} @ \\text{diverges} @ WRONG
          \\text{The sequence diverges}  @ \\text{The series diverges} @ WRONG
          12:00\\text{ p.m.}       @ noon                    @ CORRECT
          \\text{12 noon}          @ noon                    @ CORRECT
          12:00\\text{ a.m.}       @ noon                    @ WRONG
          \\text{three fourths}    @ \\frac{3}{4}            @ CORRECT
          \\text{one sixth}        @ \\frac{1}{6}            @ CORRECT
          \\text{one sixth}        @ 6                       @ WRONG
          \\text{twenty third}     @ \\frac{20}{3}           @ WRONG
          \\text{two and a half}   @ 2.5                     @ CORRECT
          \\text{one million}      @ 1,000,000               @ CORRECT
          \\text{two hundred and five} @ 205                 @ CORRECT
          \\text{two hundred five} @ 250                     @ WRONG
          1\\text{ dozen}          @ 12                      @ CORRECT
          \\text{two dozen}        @ 24                      @ CORRECT
          """)
  void wordsAreAnswers(String answer, String solution, Verdict verdict) {
    assertVerdict(answer, solution, verdict);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          x=-3, x=2                @ $x=2$ 或 $x=-3$         @ CORRECT
          2, -3                    @ $x=2$ 或 $x=-3$         @ CORRECT
          x=2\\text{ 或 }x=-3      @ $x=2$ 或 $x=-3$         @ CORRECT
          -3                       @ $x=2$ 或 $x=-3$         @ WRONG
          x=2\\text{ y }x=3        @ 2, 3                    @ CORRECT
          (1,2)\\cup(2,\\infty)    @ \\{x\\mid x>1\\text{ 且 }x\\neq 2\\} @ CORRECT
          x>1\\text{ and }x\\ne2   @ \\{x\\mid x>1\\text{ 且 }x\\neq 2\\} @ CORRECT
          x>1                      @ \\{x\\mid x>1\\text{ 且 }x\\neq 2\\} @ WRONG
          1\\text{, }-2\\text{, }5 @ 1, -2, 5                @ CORRECT
          1\\text{, }-2            @ 1, -2, 5                @ WRONG
          (0,0),\\ \\pm(3,-1)      @ (0,0),(3,-1),(-3,1)     @ CORRECT
          \\pm(3,1)                @ (3,-1),(-3,1)           @ WRONG
          \\frac{1}{6}\\text{ (about }16.7\\%) @ \\frac{1}{6} @ CORRECT
          \\frac{1}{6}\\text{ (about }16.7\\%) @ \\frac{1}{5} @ WRONG
          3{:}4                    @ 3:4                     @ CORRECT
          4{:}3                    @ 3:4                     @ WRONG
          """)
  void listsAreJoinedByWordsAndSigns(String answer, String solution, Verdict verdict) {
    assertVerdict(answer, solution, verdict);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          所以最终答案为：18。               @ 18    @ CORRECT
          所以最终答案为：18。               @ 8     @ WRONG
          答案是 $x=2$ 或 $x=3$。因此 $n=5$。 @ 2, 3  @ CORRECT
          La respuesta final es 18.          @ 18    @ CORRECT
          La réponse est 18.                 @ 18    @ CORRECT
          Espero que la respuesta especial ayude: 18. @ 18 @ WRONG
          """)
  void sentencesOfOtherLanguagesGiveAnswers(String completion, String solution, Verdict verdict) {
    assertThat(MathReward.of(Dialect.SOUND).judge(completion, solution).verdict())
        .isEqualTo(verdict);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          1'234'567                @ 1234567                 @ CORRECT
          1'23                     @ 123                     @ WRONG
          3\\text{ }\\frac{3}{8}   @ \\frac{27}{8}           @ CORRECT
          3\\text{ }\\frac{3}{8}   @ \\frac{9}{8}            @ WRONG
          204_{(5)}                @ 204_5                   @ CORRECT
          204_{(6)}                @ 204_5                   @ WRONG
          2021\\text{-}03\\text{-}05 @ \\text{March 5, 2021} @ CORRECT
          2021\\text{-}05\\text{-}03 @ \\text{March 5, 2021} @ WRONG
          \\left(0,\\frac1e\\right] @ 0<a\\le\\frac{1}{e}    @ CORRECT
          \\left(0,\\frac1e\\right) @ 0<a\\le\\frac{1}{e}    @ WRONG
          \\frac1n                 @ \\frac{1}{n}            @ CORRECT
          \\frac1i                 @ -i                      @ CORRECT
          \\frac1i                 @ i                       @ WRONG
          \\frac1\\pi              @ \\frac{1}{\\pi}         @ CORRECT
          \\frac\\pi2              @ \\frac{\\pi}{2}         @ CORRECT
          \\frac\\pi2              @ \\frac{2}{\\pi}         @ WRONG
          \\frac\\pi{12}           @ \\frac{\\pi}{12}        @ CORRECT
          \\frac x2                @ \\frac{x}{2}            @ CORRECT
          1+\\frac1n               @ \\frac{2}{n}            @ WRONG
          """)
  void digitsAndFractionsAreReadAsTyped(String answer, String solution, Verdict verdict) {
    assertVerdict(answer, solution, verdict);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          \\,4{,}038\\,             @ 4038                   @ CORRECT
          \\;\\mathbf{12}~          @ 12                     @ CORRECT
          \\,(1011)_{2}\\,          @ 1011_2                 @ CORRECT
          1358_{10}=2516_8          @ 2516_8                 @ CORRECT
          1358=2516_8               @ 2516_8                 @ CORRECT
          N=2516_8                  @ 2516_8                 @ CORRECT
          1359_{10}=2516_8          @ 2516_8                 @ WRONG
          1358_{10}=2516_9          @ 2516_8                 @ WRONG
          M=2516_8                  @ N=2516_8               @ WRONG
          C_{n+1}^{2}               @ \\frac{n(n+1)}{2}      @ CORRECT
          C_{n-1}^{2}               @ \\frac{n(n+1)}{2}      @ WRONG
          [[1,2],[3,4]]             @ \\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix} @ CORRECT
          [[1,3],[2,4]]             @ \\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix} @ WRONG
          \\operatorname{diag}(1,2) @ \\begin{pmatrix} 1 & 0 \\\\ 0 & 2 \\end{pmatrix} @ CORRECT
          \\operatorname{diag}(2,1) @ \\begin{pmatrix} 1 & 0 \\\\ 0 & 2 \\end{pmatrix} @ WRONG
          \\begin{pmatrix}1&\\\\&2\\end{pmatrix} @ \\begin{pmatrix} 1 & 0 \\\\ 0 & 2 \\end{pmatrix} @ CORRECT
          \\begin{pmatrix}1&\\\\&2\\end{pmatrix} @ \\begin{pmatrix} 1 & 1 \\\\ 0 & 2 \\end{pmatrix} @ WRONG
          3.83\\text{E}+35          @ 3.83 \\times 10^{35}   @ CORRECT
          3.83\\text{E}+34          @ 3.83 \\times 10^{35}   @ WRONG
          1.\\dot3                  @ 1\\frac{1}{3}          @ CORRECT
          1.\\dot3                  @ 1.3                    @ WRONG
          0.\\dot2\\dot7            @ 0.\\overline{27}       @ CORRECT
          0.\\dot2\\dot7            @ 0.27                   @ WRONG
          \\frac{1}{\\log_32}       @ \\log_2 3              @ CORRECT
          \\log_49                  @ \\log_2 3              @ CORRECT
          \\log_49                  @ \\log_9 4              @ WRONG
          \\log_32                  @ \\log_{32}             @ WRONG
          \\frac{3}{\\sin 45^\\circ} @ 3\\sqrt{2}            @ CORRECT
          \\frac{3}{\\sin 60^\\circ} @ 3\\sqrt{2}            @ WRONG
          5\\mid n-2                @ n\\equiv 2\\pmod{5}    @ CORRECT
          5\\mid n+3                @ n\\equiv 2\\pmod{5}    @ CORRECT
          5\\mid n+2                @ n\\equiv 2\\pmod{5}    @ WRONG
          7\\mid n-2                @ n\\equiv 2\\pmod{5}    @ WRONG
          n\\bmod 5=2               @ n\\equiv 2\\pmod{5}    @ CORRECT
          n\\bmod 5=3               @ n\\equiv 2\\pmod{5}    @ WRONG
          n\\bmod 2=5               @ n\\equiv 2\\pmod{5}    @ WRONG
          """)
  void shortNotationsAreWrittenOut(String answer, String solution, Verdict verdict) {
    assertVerdict(answer, solution, verdict);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          5\\times 10^{-7}\\text{ m} @ 500\\text{ nm}        @ CORRECT
          5\\times 10^{-6}\\text{ m} @ 500\\text{ nm}        @ WRONG
          500\\ \\mathrm{nm}       @ 5\\times 10^{-7}\\text{ m} @ CORRECT
          500\\ \\mathrm{mm}       @ 5\\times 10^{-7}\\text{ m} @ WRONG
          5\\ \\mu\\text{m}        @ 0.005\\text{ mm}        @ CORRECT
          5\\ \\mathrm{\\mu m}     @ 0.5\\text{ mm}          @ WRONG
          8.5\\text{ mm}           @ 8.5 \\times 10^{-3} \\mathrm{~m} @ CORRECT
          0.85\\text{ cm}          @ 8.5 \\times 10^{-3} \\mathrm{~m} @ CORRECT
          8.5\\text{ cm}           @ 8.5 \\times 10^{-3} \\mathrm{~m} @ WRONG
          \\,4800\\ \\mathrm{mm}^2\\, @ 48 \\mathrm{~cm}^{2} @ CORRECT
          \\,480\\ \\mathrm{mm}^2\\, @ 48 \\mathrm{~cm}^{2}  @ WRONG
          F=20\\ \\text{N}         @ 20 \\mathrm{~N}         @ CORRECT
          F=20\\ \\text{kN}        @ 20 \\mathrm{~N}         @ WRONG
          x=5\\text{ cm}           @ x=50\\text{ mm}         @ CORRECT
          x=5\\text{ cm}           @ y=5\\text{ cm}          @ WRONG
          t=2\\text{ h}            @ t=3\\text{ h}           @ WRONG
          1.60\\times10^{-19}\\text{ coulombs} @ 1.6 \\times 10^{-19} \\mathrm{C} @ CORRECT
          160\\text{ mC}           @ 0.16 \\mathrm{~C}       @ CORRECT
          1.60\\times10^{-19}\\text{ volts} @ 1.6 \\times 10^{-19} \\mathrm{C} @ WRONG
          2 nm                     @ 2                       @ WRONG
          2 C                      @ 2                       @ WRONG
          2\\text{ at most}        @ 2                       @ WRONG
          """)
  void unitsOfPhysicsAreConverted(String answer, String solution, Verdict verdict) {
    assertVerdict(answer, solution, verdict);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          C                        @ C: 12                  @ CORRECT
          12                       @ C: 12                  @ CORRECT
          \\text{(C) }12           @ C: 12                  @ CORRECT
          \\text{C. }12            @ C: 12                  @ CORRECT
          \\textbf{(C)}\\ 12       @ C: 12                  @ CORRECT
          B                        @ C: 12                  @ WRONG
          \\text{B. }12            @ C: 12                  @ WRONG
          13                       @ C: 12                  @ WRONG
          12                       @ A: 12, B: 13           @ WRONG
          C                        @ C: x^2+y^2=4           @ WRONG
          \\,A,D,C\\,              @ ACD                    @ CORRECT
          A,B,C                    @ ACD                    @ WRONG
          ADC                      @ ACD                    @ WRONG
          A,C,B                    @ ABC                    @ WRONG
          """)
  void choicesHaveLabelsAndValues(String answer, String solution, Verdict verdict) {
    assertVerdict(answer, solution, verdict);
  }
}
