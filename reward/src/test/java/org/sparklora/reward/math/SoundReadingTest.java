package org.sparklora.reward.math;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklora.pipeline.table.Verdict;
import org.sparklora.reward.math.MathReward.Dialect;

/** What the dialect {@code sound} makes of LaTeX: nothing that has a meaning is left out. */
class SoundReadingTest {
  private final MathReward sound = MathReward.of(Dialect.SOUND);

  private Verdict verdict(String answer, String solution) {
    return sound.judge("The answer is $\\boxed{" + answer + "}$.", solution).verdict();
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          17 \\mod 5                @ 2                      @ CORRECT
          17 \\mod 5                @ 17                     @ WRONG
          17 \\bmod 5               @ 2                      @ CORRECT
          17 \\bmod 5               @ 17                     @ WRONG
          17 \\pmod 5               @ 2                      @ CORRECT
          17 \\pmod{5}              @ 17                     @ WRONG
          17 (\\text{mod } 5)       @ 2 \\pmod 5             @ CORRECT
          18 \\pmod 5               @ 2 \\pmod 5             @ WRONG
          x \\equiv 7 \\mod 5       @ x \\equiv 2 \\pmod 5   @ CORRECT
          x \\equiv 2 \\pmod 7      @ x \\equiv 2 \\pmod 5   @ WRONG
          2                         @ 17 \\bmod 5            @ CORRECT
          17+3 \\bmod 5             @ 20                     @ WRONG
          17 \\pmod 5 + 3           @ 5                      @ WRONG
          """)
  void remaindersAreWorkedOut(String answer, String solution, Verdict verdict) {
    assertThat(verdict(answer, solution)).isEqualTo(verdict);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          \\{1,2\\}                   @ (1,2)                  @ WRONG
          \\left\\{2,1\\right\\}      @ (2,1)                  @ WRONG
          \\lbrace 1,2 \\rbrace       @ \\langle 1,2 \\rangle  @ WRONG
          x \\in \\{1,2\\}            @ (1,2)                  @ WRONG
          1 \\text{ or } 2            @ (1,2)                  @ WRONG
          (1,2)                       @ \\{1,2\\}              @ WRONG
          [1,2]                       @ \\{1,2\\}              @ WRONG
          ((1,2),3)                   @ (\\{1,2\\},3)          @ WRONG
          \\{\\{1,2\\},\\{3,4\\}\\}   @ \\{(1,2),(3,4)\\}      @ WRONG
          \\langle 1,2 \\rangle       @ (1,2)                  @ CORRECT
          1,2                         @ (1,2)                  @ CORRECT
          1 \\text{ and } 2           @ \\{2,1\\}              @ CORRECT
          x=1 \\quad x=2              @ \\{1,2\\}              @ CORRECT
          \\{x : 0 < x < 1\\}         @ (0,1)                  @ CORRECT
          [2,-1)                      @ [7,3)                  @ WRONG
          """)
  void bracesAreNoBrackets(String answer, String solution, Verdict verdict) {
    assertThat(verdict(answer, solution)).isEqualTo(verdict);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          1\\frac 211               @ \\frac{13}{11}         @ CORRECT
          1 2/11                    @ \\frac{13}{11}         @ CORRECT
          1\\,\\tfrac{2}{11}        @ \\frac{13}{11}         @ CORRECT
          1{\\frac{2}{11}}          @ \\frac{2}{11}          @ WRONG
          -1\\frac12                @ -\\frac{3}{2}          @ CORRECT
          -1\\frac12                @ -\\frac{1}{2}          @ WRONG
          12\\frac{1}{2}\\%         @ 12.5\\%                @ CORRECT
          (2)(3)                    @ 6                      @ CORRECT
          (2)(3)                    @ 5                      @ WRONG
          2 3                       @ 5                      @ WRONG
          1 \\quad 2                @ 3                      @ WRONG
          \\sqrt{2}3                @ \\sqrt{23}             @ WRONG
          \\sqrt{2}3                @ 3\\sqrt{2}             @ CORRECT
          10^-12                    @ 10^{-12}               @ CORRECT
          25_8                      @ 21                     @ CORRECT
          2**3                      @ 8                      @ CORRECT
          2{\\times}10^{3}          @ 2000                   @ CORRECT
          1.1\\overline{6}          @ \\frac{7}{6}           @ CORRECT
          50\\%\\cdot 20\\%         @ 10\\%                  @ CORRECT
          3+5\\%                    @ 0.08                   @ WRONG
          2.3333333333333335        @ \\frac{7}{3}           @ CORRECT
          2.3333333333333339        @ \\frac{7}{3}           @ WRONG
          0.30000000000000004       @ \\frac{3}{10}          @ WRONG
          1.4142135623730951        @ \\sqrt{2}              @ CORRECT
          3.14159265358979999999    @ \\pi                   @ WRONG
          3.14159265358979323846    @ \\pi                   @ CORRECT
          \\sqrt[3]{-8}              @ -2                     @ CORRECT
          \\sqrt[3]{-8}              @ 1+i\\sqrt{3}           @ WRONG
          \\sqrt[3]{2+\\sqrt{5}}+\\sqrt[3]{2-\\sqrt{5}} @ 1   @ CORRECT
          """)
  void numbersAreReadAsTheyArePrinted(String answer, String solution, Verdict verdict) {
    assertThat(verdict(answer, solution)).isEqualTo(verdict);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          "The answer is a triangle, so option C."   @ A        @ WRONG
          "\\boxed{a triangle}"                      @ A        @ WRONG
          "The answer is a."                         @ A        @ CORRECT
          "\\boxed{(a) triangle}"                    @ A        @ CORRECT
          "\\boxed{D}"                               @ D_4      @ WRONG
          "\\boxed{F}"                               @ F_{12}   @ WRONG
          "\\boxed{D_{4}}"                           @ D_4      @ CORRECT
          "\\boxed{FF_{16}}"                         @ 255      @ CORRECT
          """)
  void articlesAreNoChoicesAndNamesNoNumbers(String completion, String solution, Verdict verdict) {
    assertThat(sound.judge(completion, solution).verdict()).isEqualTo(verdict);
  }

  @Test
  void headingsAreNoMarks() {
    for (String answer : List.of("#### Final Answer\n$42$", "#### 42\n\n#### **Check**\nDone.")) {
      assertThat(sound.judge(answer, "42").verdict()).as(answer).isEqualTo(Verdict.CORRECT);
    }
    assertThat(sound.judge("So it holds.\n#### Yes", "Yes").verdict()).isEqualTo(Verdict.CORRECT);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "330\\,\\mathrm{hours}",
        "330~\\text{hours}",
        "330\\quad\\mbox{hours}",
        "330\\ \\mathit{hours}",
        "330\\:\\textnormal{hours}",
        "330\\hspace{1mm}\\operatorname{hours}",
        "330\\!\\textbf{hours}",
        "330\\,{\\rm hours}",
        "330\\,\\mathrm{h}",
        "330"
      })
  void unitsAreReadInEveryType(String answer) {
    assertThat(verdict(answer, "330\\;\\textrm{hours}")).isEqualTo(Verdict.CORRECT);
    assertThat(verdict(answer.replace("330", "331"), "330\\;\\textrm{hours}"))
        .isEqualTo(Verdict.WRONG);
    assertThat(verdict("330~\\text{minutes}", "330\\;\\textrm{hours}")).isEqualTo(Verdict.WRONG);
  }

  /** Each answer would be equal to its solution if a part of it were left out. */
  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          y'                        @ y
          f'(2)=3                   @ 2f=3
          e^{T}                     @ e
          2^T                       @ 2
          A^T                       @ A
          x+204_5                   @ x+204
          \\sin_2 x                 @ \\sin x
          \\max_{x}(1,2)            @ 2
          (x)^2_3                   @ x^2
          \\phantom{5}              @ 5
          1,2,3,\\ldots             @ 1,2,3
          1,2,3,\\dots              @ 1,2,3
          5\\text{ million}         @ 5
          5\\text{ is wrong}        @ 5
          5\\text{ dozen}           @ 5
          2 ⊕ 3                     @ 5
          x \\leftarrow 2           @ x \\le ftarrow 2
          5!!                       @ (5!)!
          \\{a : 5\\}               @ 5
          {1+2 \\over 3}            @ 1+\\frac{2}{3}
          25_8                      @ 25
          5 \\approx 6               @ 6
          """)
  void nothingIsLeftOut(String answer, String solution) {
    assertThat(verdict(answer, solution)).isEqualTo(Verdict.WRONG);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          "First $\\boxed{5}$, then $\\boxed{x-4=0}$"     @ 5,x-4=0   @ WRONG
          "First $\\boxed{5}$, then $\\boxed{x-4=0}$"     @ x-4=0     @ CORRECT
          "At first $\\boxed{2}$, but $\\boxed{3}$"       @ 2,3       @ WRONG
          "$\\boxed{2}$ and $\\boxed{3}$"                 @ 2,3       @ CORRECT
          "$x=\\boxed{2}$, $y=\\boxed{3}$"                @ 2,3       @ CORRECT
          "$\\boxed{2}$ $\\boxed{3}$"                     @ 2,3       @ WRONG
          """)
  void boxesAreAListOnlyWhereTheyAreJoined(String completion, String solution, Verdict verdict) {
    assertThat(sound.judge(completion, solution).verdict()).isEqualTo(verdict);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          0.333\\ldots                                 @ \\frac{1}{3}                       @ CORRECT
          0.1666...                                    @ \\frac{1}{6}                       @ CORRECT
          0.1666...                                    @ \\frac{1}{3}                       @ WRONG
          0.142857142857\\dots                         @ \\frac{1}{7}                       @ CORRECT
          \\$1.5\\text{ million}                       @ 1500000                            @ CORRECT
          \\text{5 million}                            @ 5000000                            @ CORRECT
          2 thousand                                   @ 2000                               @ CORRECT
          1.5\\text{ million dollars}                  @ \\$1500000                         @ CORRECT
          1.5 million                                  @ 1.5                                @ WRONG
          2\\operatorname{cis}\\frac{\\pi}{3}          @ 1+i\\sqrt{3}                       @ CORRECT
          2\\text{ cis } 60^\\circ                     @ 1+i\\sqrt{3}                       @ CORRECT
          2\\operatorname{cis}\\frac{\\pi}{3}          @ 1-i\\sqrt{3}                       @ WRONG
          \\text{all real numbers except } 2           @ x\\neq 2                           @ CORRECT
          \\text{all real numbers except } 2           @ \\mathbb{R}\\setminus\\{2,3\\}     @ WRONG
          15:45                                        @ 3:45\\text{ p.m.}                  @ CORRECT
          3:45\\text{ pm}                              @ 15:45                              @ CORRECT
          3:45\\text{ am}                              @ 15:45                              @ WRONG
          3\\text{ pm}                                 @ 3:00\\text{ PM}                    @ CORRECT
          03:45                                        @ 3:45                               @ CORRECT
          3:45                                         @ 3:45\\text{ pm}                    @ WRONG
          3:45\\text{ pm}                              @ 3:45                               @ CORRECT
          45:60                                        @ 30:40                              @ CORRECT
          20\\text{ June}                               @ \\text{June 20}                     @ CORRECT
          \\text{June 20th, 2020}                       @ 2020-06-20                         @ CORRECT
          \\text{Monday, Jan. 5}                        @ \\text{January 5}                   @ CORRECT
          \\text{Monday, January 5}                     @ \\text{Friday, January 5}           @ WRONG
          \\text{June 2}                                @ \\text{June 20}                     @ WRONG
          \\text{June 20}                               @ \\text{June 20, 2020}               @ WRONG
          \\text{twenty-five}                           @ 25                                 @ CORRECT
          \\text{twenty-six}                            @ 25                                 @ WRONG
          3\\mathbf{i}+2                               @ 3\\mathbf{i}+2\\mathbf{j}          @ WRONG
          3\\mathbf{i}+2\\mathbf{j}                    @ 3\\mathbf{i}+2\\mathbf{j}          @ CORRECT
          3+2\\text{ i}                                @ 3+2                                @ WRONG
          3+2\\text{ i}                                @ 3+2i                               @ CORRECT
          3\\text{x}                                   @ 3                                  @ WRONG
          3\\mathrm{x}                                 @ 3x                                 @ CORRECT
          20^\\circ\\text{C}                           @ 20                                 @ CORRECT
          98.6^\\circ F                                @ 98.6                               @ CORRECT
          20^{\\circ}\\mathrm{C}                       @ 20^\\circ C                        @ CORRECT
          20^\\circ C                                  @ 20^\\circ F                        @ WRONG
          21^\\circ C                                  @ 20                                 @ WRONG
          5\\,\\mathbf{cm}                             @ 5                                  @ CORRECT
          \\{1\\}\\subseteq\\{1,2\\}                   @ \\{2\\}\\subseteq\\{2,3\\}         @ WRONG
          \\{1\\}\\subseteq\\{1,2\\}                   @ \\{1\\}\\subseteq\\{1,2\\}         @ CORRECT
          """)
  void dotsAndWordsOfNumbersAndTimesAreRead(String answer, String solution, Verdict verdict) {
    assertThat(verdict(answer, solution)).isEqualTo(verdict);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          C_{10}^3                                  @ 120                                @ CORRECT
          \\frac{C_5^2}{C_{10}^2}                    @ \\frac{2}{9}                         @ CORRECT
          C_n^2                                     @ \\frac{n(n-1)}{2}                   @ CORRECT
          C(10,3)                                   @ 120                                @ CORRECT
          10C3                                      @ 120                                @ CORRECT
          {}_{10}C_{3}                              @ 120                                @ CORRECT
          \\frac{C(5,2)}{C(10,2)}                    @ \\frac{2}{9}                         @ CORRECT
          P(5,3)                                    @ 60                                 @ CORRECT
          C(10,3)                                   @ 720                                @ WRONG
          C(10,3)                                   @ (10,3)                             @ CORRECT
          C(3,1)                                    @ C(3,2)                             @ WRONG
          2                                         @ P(2,1)                             @ WRONG
          y=3C_1                                    @ y=3                                @ WRONG
          ln 2                                      @ \\ln 2                             @ CORRECT
          \\frac{ln(3)}{2}                           @ \\frac{\\ln 3}{2}                  @ CORRECT
          2 sin x cos x                             @ \\sin 2x                           @ CORRECT
          \\max\\{2,5\\}                            @ 5                                  @ CORRECT
          (-inf,2)U(3,infinity)                     @ (-\\infty,2)\\cup(3,\\infty)       @ CORRECT
          A_5^3                                     @ 60                                 @ CORRECT
          A_5^2                                     @ 60                                 @ WRONG
          (1)(3)                                    @ ①③                                 @ CORRECT
          1, 3                                      @ ①③                                 @ CORRECT
          ①③                                        @ (1)(3)                             @ CORRECT
          3                                         @ (1)(3)                             @ WRONG
          13                                        @ ①③                                 @ WRONG
          (1)(3)                                    @ 13                                 @ WRONG
          2\\frac12\\text{ hours}                    @ 2\\text{ hours }30\\text{ minutes}  @ CORRECT
          2\\text{ h and }30\\text{ min}             @ 150\\text{ minutes}                @ CORRECT
          2\\text{ hours }3\\text{ minutes}          @ 150\\text{ minutes}                @ WRONG
          150                                       @ 2.5\\text{ hours}                  @ WRONG
          300\\text{ cm}                             @ 3\\text{ m}                        @ CORRECT
          3000\\text{ g}                             @ 3\\text{ m}                        @ WRONG
          \\$0.50                                    @ 50\\text{ cents}                   @ CORRECT
          75\\%                                      @ \\$75                              @ WRONG
          9.8\\text{ m s}^{-2}                       @ 9.8\\text{ m/s}^2                  @ CORRECT
          5\\text{ newtons}                          @ 5\\text{ N}                        @ CORRECT
          x=2 \\text{ or } x=3                       @ x_1=2,x_2=3                        @ CORRECT
          x=1,x=2                                   @ (1,2)                              @ WRONG
          y=\\pm\\frac{3x}{4}                        @ y=\\pm\\frac{3}{4}x                @ CORRECT
          y=\\frac{3x}{4}                            @ y=\\pm\\frac{3}{4}x                @ WRONG
          \\frac38                                   @ P(X=2)=\\frac{3}{8}                @ CORRECT
          \\sin x\\cdot e^x                          @ e^x\\sin x                         @ CORRECT
          \\sin(xe^x)                                @ \\sin x\\cdot e^x                   @ WRONG
          1011\\text{ (base 2)}                      @ 1011_2                             @ CORRECT
          413_{\\text{five}}                         @ 413_5                              @ CORRECT
          3\\text{ to }4                             @ 3:4                                @ CORRECT
          a_n=2^n\\text{ for }n\\ge1                 @ a_n=2^n                            @ CORRECT
          y=2x,\\ x>0                                @ y=2x(x>0)                          @ CORRECT
          f(x)=x|x|                                 @ f(x)=\\begin{cases}x^2,&x\\ge0\\\\-x^2,&x<0\\end{cases} @ CORRECT
          f(x)=x^2                                  @ f(x)=\\begin{cases}x^2,&x\\ge0\\\\-x^2,&x<0\\end{cases} @ WRONG
          \\begin{cases}x-2,&x\\ge2\\\\2-x,&x<2\\end{cases} @ |x-2|                        @ CORRECT
          \\begin{cases}x-2,&x\\ge0\\\\2-x,&x<0\\end{cases} @ |x-2|                        @ WRONG
          \\begin{cases}x,&0\\le x\\le1\\\\1,&x>1\\end{cases} @ \\min(x,1)                 @ WRONG
          a_n=\\begin{cases}2n-3,&n\\ge2\\\\2,&n=1\\end{cases} @ a_n=\\begin{cases}2,&n=1\\\\2n-3,&n\\ge2\\end{cases} @ CORRECT
          \\frac1i                                         @ -i                                         @ CORRECT
          \\frac1i                                         @ i                                          @ WRONG
          \\left(\\frac1x+\\frac1y\\right)^{-1}            @ \\frac{xy}{x+y}                            @ CORRECT
          \\left(\\frac1x-\\frac1y\\right)^{-1}            @ \\frac{xy}{x+y}                            @ WRONG
          \\frac{1}{1+\\frac1n}                            @ \\frac{n}{n+1}                             @ CORRECT
          \\frac{1}{1-\\frac1n}                            @ \\frac{n}{n+1}                             @ WRONG
          \\frac\\pi2                                      @ \\frac{\\pi}{2}                            @ CORRECT
          \\frac\\pi 3                                     @ \\frac{\\pi}{2}                            @ WRONG
          \\pi(6)^2                                        @ 36\\pi                                     @ CORRECT
          \\pi(6)^2                                        @ 6\\pi                                      @ WRONG
          \\frac13(2\\vec a+\\vec b)                       @ \\frac{2}{3}\\vec{a}+\\frac{1}{3}\\vec{b}  @ CORRECT
          \\frac13(\\vec a+2\\vec b)                       @ \\frac{2}{3}\\vec{a}+\\frac{1}{3}\\vec{b}  @ WRONG
          3\\mathbf{i}-\\mathbf{j}+2\\mathbf{k}            @ \\begin{pmatrix}3\\\\-1\\\\2\\end{pmatrix} @ CORRECT
          3\\hat\\imath-\\hat\\jmath+2\\hat k              @ (3,-1,2)                                   @ CORRECT
          3\\mathbf{i}+\\mathbf{j}+2\\mathbf{k}            @ \\begin{pmatrix}3\\\\-1\\\\2\\end{pmatrix} @ WRONG
          3\\mathbf{i}-\\mathbf{j}                         @ \\begin{pmatrix}3\\\\-1\\\\2\\end{pmatrix} @ WRONG
          (3,-1)                                           @ 3\\mathbf i-\\mathbf j                     @ CORRECT
          """)
  void notationsOfOtherBooksAreRead(String answer, String solution, Verdict verdict) {
    assertThat(verdict(answer, solution)).isEqualTo(verdict);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          \\begin{cases}x^2,&x\\geq0,\\\\-x,&x<0.\\end{cases}                       @ CORRECT
          f(x)=\\begin{cases}x^2,x\\ge0\\\\-x,x<0\\end{cases}                        @ CORRECT
          \\begin{cases}-x,&x<0\\\\x^2,&x\\geq0\\end{cases}                          @ CORRECT
          \\begin{cases}x^2,&x<0\\\\-x,&x\\geq0\\end{cases}                          @ WRONG
          \\begin{cases}-x,&x<0\\\\-x,&x<0\\end{cases}                              @ WRONG
          \\begin{cases}x\\cdot x&\\text{if }x\\ge0\\\\-x&\\text{if }x<0\\end{cases}    @ CORRECT
          \\left\\{\\begin{array}{ll}x^2,&x\\ge0\\\\-x,&x<0\\end{array}\\right.          @ CORRECT
          \\begin{cases}x^2&x>0\\\\-x&x\\le0\\end{cases}                             @ CORRECT
          \\begin{cases}x^2&x>1\\\\-x&x\\le1\\end{cases}                             @ WRONG
          \\begin{cases}x^2&x>0\\\\-x&x<0\\end{cases}                                @ WRONG
          \\begin{cases}-x&x<0\\\\x^2&\\text{otherwise}\\end{cases}                   @ CORRECT
          \\frac{x^2-x}{2}+\\frac{x|x|+|x|}{2}                                        @ CORRECT
          x^2                                                                        @ WRONG
          \\begin{cases}x^2&x\\ge0\\\\x&x<0\\end{cases}                              @ WRONG
          """)
  void casesAreComparedOneByOne(String answer, Verdict verdict) {
    String solution = "f(x)=\\begin{cases}x^2&x\\ge0\\\\-x&x<0\\end{cases}";
    assertThat(verdict(answer, solution)).isEqualTo(verdict);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          нет                          @ \\text{Нет}            @ CORRECT
          да                           @ \\text{Нет}            @ WRONG
          \\text{偶函数}               @ 偶函数                 @ CORRECT
          奇函数                       @ 偶函数                 @ WRONG
          2 \\text{ oder } 3           @ 2,3                    @ CORRECT
          m > 1 或 m < -3              @ m<-3\\text{ or }m>1    @ CORRECT
          12,5\\%                      @ 0.125                  @ CORRECT
          1.234,56                     @ 1234.56                @ CORRECT
          \\text{I, III}               @ \\text{I and III}      @ CORRECT
          \\text{I, II}                @ \\text{I and III}      @ WRONG
          \\text{an ellipse}           @ \\text{ellipse}        @ CORRECT
          \\text{July 4th}             @ \\text{July 4}         @ CORRECT
          \\text{There are no solutions} @ \\emptyset           @ CORRECT
          \\text{twelve}               @ 12                     @ CORRECT
          \\{1,2,\\dots,10\\}          @ \\{1,2,\\ldots,10\\}   @ CORRECT
          """)
  void wordsOfAnyLanguageAreAnswers(String answer, String solution, Verdict verdict) {
    assertThat(verdict(answer, solution)).isEqualTo(verdict);
  }
}
