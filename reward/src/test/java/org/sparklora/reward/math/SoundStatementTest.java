package org.sparklora.reward.math;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sparklora.pipeline.table.Verdict;
import org.sparklora.reward.math.MathReward.Dialect;

/** Values with conditions, sets with names, lines, and kinds of numbers. */
class SoundStatementTest {
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
          n=2^k,\\ k\\ge 0                          @ "$n=2^k$ for $k\\ge 0$"               @ CORRECT
          n=2^k,\\ k\\ge 1                          @ "$n=2^k$ for $k\\ge 0$"               @ WRONG
          n=2k,\\ k\\ge 0                           @ "$n=2^k$ for $k\\ge 0$"               @ WRONG
          k\\ge 0                                   @ "$n=2^k$ for $k\\ge 0$"               @ WRONG
          (x-1)^2+y^2=1\\ (x\\ne 0)                 @ "$x^2+y^2-2x=0$ $(x\\neq 0)$"         @ CORRECT
          (x-1)^2+y^2=1\\ (x\\ne 2)                 @ "$x^2+y^2-2x=0$ $(x\\neq 0)$"         @ WRONG
          (x-1)^2+y^2=1                             @ "$x^2+y^2-2x=0$ $(x\\neq 0)$"         @ WRONG
          x\\ne 0                                   @ "$x^2+y^2-2x=0$ $(x\\neq 0)$"         @ WRONG
          x_n=3\\cdot 2^n-1                         @ x_n=3\\cdot 2^n-1, n\\ge 0            @ CORRECT
          x_n=3\\cdot 2^n-1\\ (n\\ge 0)             @ x_n=3\\cdot 2^n-1, n\\ge 0            @ CORRECT
          x_n=3\\cdot 2^n-1, n\\ge 1                @ x_n=3\\cdot 2^n-1, n\\ge 0            @ WRONG
          x_n=3\\cdot 2^n+1                         @ x_n=3\\cdot 2^n-1, n\\ge 0            @ WRONG
          f(n)=n\\text{ for all positive integers }n @ f(n)=n                              @ CORRECT
          f(n)=n^2\\text{ for all positive integers }n @ f(n)=n                            @ WRONG
          f(x)=x\\text{ for all positive integers }x @ f(x)=x                              @ WRONG
          \\{(t,2t): t\\in\\mathbb{R}\\}            @ (t,2t),\\ t\\in\\mathbb{R}            @ CORRECT
          \\{(t,3t): t\\in\\mathbb{R}\\}            @ (t,2t),\\ t\\in\\mathbb{R}            @ WRONG
          \\{(t,2t): t\\in\\mathbb{Z}\\}            @ (t,2t),\\ t\\in\\mathbb{R}            @ WRONG
          \\{2k\\pi \\mid k\\in\\mathbb{Z}\\}       @ x=2k\\pi,\\ k\\in\\mathbb{Z}          @ CORRECT
          \\{k\\pi \\mid k\\in\\mathbb{Z}\\}        @ x=2k\\pi,\\ k\\in\\mathbb{Z}          @ WRONG
          """)
  void conditionsBelongToTheSolution(String answer, String solution, Verdict verdict) {
    assertVerdict(answer, solution, verdict);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          x(t)=C_1\\cos 3t+C_2\\sin 3t @ "$x(t)=A\\cos(3t)+B\\sin(3t)$, where $A,B$ are arbitrary constants" @ CORRECT
          x(t)=C_1\\cos 3t+C_2\\sin 3t @ "$x(t)=A\\cos(3t)+B\\sin(3t)$, where $A$ and $B$ are constants" @ CORRECT
          x(t)=C_1\\cos t+C_2\\sin t   @ "$x(t)=A\\cos(3t)+B\\sin(3t)$, where $A,B$ are arbitrary constants" @ WRONG
          x(t)=C_1\\cos 3t+C_1\\sin 3t @ "$x(t)=A\\cos(3t)+B\\sin(3t)$, where $A,B$ are arbitrary constants" @ WRONG
          A,B                          @ "$x(t)=A\\cos(3t)+B\\sin(3t)$, where $A,B$ are arbitrary constants" @ WRONG
          """)
  void wordsMayCallSeveralLettersConstants(String answer, String solution, Verdict verdict) {
    assertVerdict(answer, solution, verdict);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          n\\ge 3,\\ n\\in\\mathbb{Z}              @ all integers $n\\ge 3$                 @ CORRECT
          \\text{all integers } n\\ge 3            @ all integers $n\\ge 3$                 @ CORRECT
          n>3,\\ n\\in\\mathbb{Z}                  @ all integers $n\\ge 3$                 @ WRONG
          n\\ge 3,\\ n\\in\\mathbb{R}              @ all integers $n\\ge 3$                 @ WRONG
          [3,\\infty)                              @ all integers $n\\ge 3$                 @ WRONG
          [-2,2]                                   @ \\{x\\mid -2\\le x\\le 2, x\\in\\mathbb{Z}\\} @ WRONG
          (2,\\infty)                              @ all real numbers $x>2$                 @ CORRECT
          \\mathbb{R}                              @ all real numbers $x$                   @ CORRECT
          \\text{all even positive integers } n    @ all even positive integers $n$         @ CORRECT
          \\text{all positive even integers}       @ all even positive integers $n$         @ CORRECT
          \\text{all odd positive integers } n     @ all even positive integers $n$         @ WRONG
          \\text{all positive integers } n         @ all even positive integers $n$         @ WRONG
          \\text{all even integers } n             @ all even positive integers $n$         @ WRONG
          n                                        @ all even positive integers $n$         @ WRONG
          \\mathbb{R}                              @ The solution is all real numbers       @ CORRECT
          (-\\infty,\\infty)                       @ The solution is all real numbers       @ CORRECT
          (0,\\infty)                              @ The solution is all real numbers       @ WRONG
          \\text{no solution}                      @ The solution is all real numbers       @ WRONG
          \\text{no solution}                      @ 无解                                   @ CORRECT
          \\text{无解}                             @ no solution                            @ CORRECT
          0                                        @ 无解                                   @ WRONG
          \\text{有解}                             @ 无解                                   @ WRONG
          |k|>2                                    @ "$k<-2$ or $k>2$"                      @ CORRECT
          |k|<2                                    @ "$k<-2$ or $k>2$"                      @ WRONG
          |x|>2                                    @ "$x<-2$ or $x>2$"                      @ WRONG
          """)
  void numbersMayBeOfAKind(String answer, String solution, Verdict verdict) {
    assertVerdict(answer, solution, verdict);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          B=\\{3\\},\\ A=\\{2,1\\}                 @ "$A=\\{1,2\\}$, $B=\\{3\\}$"            @ CORRECT
          A=\\{3\\},\\ B=\\{1,2\\}                 @ "$A=\\{1,2\\}$, $B=\\{3\\}$"            @ WRONG
          A=\\{1,2\\},\\ B=\\{2,3\\}               @ "$A=\\{1,2\\}$, $B=\\{3\\}$"            @ WRONG
          A=\\{1,2\\}                              @ "$A=\\{1,2\\}$, $B=\\{3\\}$"            @ WRONG
          A\\cap B=\\{2\\},\\ A\\cup B=\\{1,2,3\\} @ "$A\\cup B=\\{1,2,3\\}$, $A\\cap B=\\{2\\}$" @ CORRECT
          A\\cup B=\\{2\\},\\ A\\cap B=\\{1,2,3\\} @ "$A\\cup B=\\{1,2,3\\}$, $A\\cap B=\\{2\\}$" @ WRONG
          [1,2)                                    @ A\\cap B=[1,2)                         @ CORRECT
          [1,2]                                    @ A\\cap B=[1,2)                         @ WRONG
          A\\cup B=[1,2)                           @ A\\cap B=[1,2)                         @ WRONG
          A=\\{2\\}                                @ A\\cap B=\\{2\\}                       @ WRONG
          """)
  void setsAreComparedByTheirNames(String answer, String solution, Verdict verdict) {
    assertVerdict(answer, solution, verdict);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          \\frac{z}{4}=\\frac{x-1}{2}=\\frac{y+1}{3} @ \\frac{x-1}{2}=\\frac{y+1}{3}=\\frac{z}{4} @ CORRECT
          \\frac{x-1}{3}=\\frac{y+1}{2}=\\frac{z}{4} @ \\frac{x-1}{2}=\\frac{y+1}{3}=\\frac{z}{4} @ WRONG
          6x=3y=2z                                 @ x=\\frac{y}{2}=\\frac{z}{3}            @ CORRECT
          x=\\frac{y}{5}=\\frac{z}{3}              @ x=\\frac{y}{2}=\\frac{z}{3}            @ WRONG
          \\frac{x-5}{2}=\\frac{y+1}{3}=z          @ \\frac{x-1}{2}=\\frac{y+1}{3}=z        @ WRONG
          3x\\pm 4y=0                              @ y=\\pm\\frac{3}{4}x                    @ CORRECT
          4x\\pm 3y=0                              @ y=\\pm\\frac{3}{4}x                    @ WRONG
          3x+4y=0                                  @ y=\\pm\\frac{3}{4}x                    @ WRONG
          60.5^\\circ                              @ 60^\\circ 30'                          @ CORRECT
          60.3^\\circ                              @ 60^\\circ 30'                          @ WRONG
          60^\\circ 3'                             @ 60^\\circ 30'                          @ WRONG
          60^\\circ                                @ 60^\\circ 30'                          @ WRONG
          C(2n,n)                                  @ \\binom{2n}{n}                         @ CORRECT
          C(2n,n)                                  @ \\binom{2n}{n+1}                       @ WRONG
          C(2n,n)                                  @ \\frac{(2n)!}{n!}                      @ WRONG
          """)
  void linesAnglesAndCountsHaveSeveralForms(String answer, String solution, Verdict verdict) {
    assertVerdict(answer, solution, verdict);
  }
}
