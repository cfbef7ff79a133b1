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
          y=A\\cos x+B\\sin x+\\frac{1}{3}\\sin 2x,\\quad A,B\\in\\mathbb{R} @ y=C_1\\cos x+C_2\\sin x+\\frac{1}{3}\\sin 2x @ CORRECT
          y=A\\cos x+B\\sin x+\\frac{1}{3}\\sin x,\\quad A,B\\in\\mathbb{R} @ y=C_1\\cos x+C_2\\sin x+\\frac{1}{3}\\sin 2x @ WRONG
          f(x)=cx\\text{ for some constant }c\\in\\mathbb{R} @ f(x)=kx,\\text{ where }k\\text{ is any real constant} @ CORRECT
          f(x)=cx^2\\text{ for some constant }c\\in\\mathbb{R} @ f(x)=kx,\\text{ where }k\\text{ is any real constant} @ WRONG
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

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          x=1,y=2\\text{ or }x=2,y=1                             @ (1,2),(2,1)                                  @ CORRECT
          x=2,y=1\\text{ or }x=1,y=2                             @ (1,2),(2,1)                                  @ CORRECT
          x=1,y=2\\text{ or }x=1,y=3                             @ (1,2),(1,3)                                  @ CORRECT
          x=1,y=2\\text{ or }y=1,x=2                             @ (1,2),(2,1)                                  @ CORRECT
          x=1,y=2\\text{ or }x=2,y=3                             @ (1,2),(2,1)                                  @ WRONG
          x=1,y=1\\text{ or }x=2,y=2                             @ (1,2),(2,1)                                  @ WRONG
          x=1,y=2                                                @ (1,2),(2,1)                                  @ WRONG
          \\begin{cases}x=1\\\\y=2\\end{cases}\\text{ or }\\begin{cases}x=2\\\\y=1\\end{cases} @ "$(1,2),(2,1)$"                              @ CORRECT
          \\begin{cases}x=1\\\\y=2\\end{cases}\\text{ or }\\begin{cases}x=2\\\\y=3\\end{cases} @ "$(1,2),(2,1)$"                              @ WRONG
          a=2,b=4,c=8\\text{ or }a=3,b=5,c=15                    @ (2,4,8),(3,5,15)                             @ CORRECT
          a=2,b=4,c=8\\text{ or }a=3,b=15,c=5                    @ (2,4,8),(3,5,15)                             @ WRONG
          (x,y)=(2,1)\\text{ or }(x,y)=(-2,-1)                   @ "$x_{1}=2, y_{1}=1 ; x_{2}=-2, y_{2}=-1$"    @ CORRECT
          (x,y)=(2,-1)\\text{ or }(x,y)=(-2,1)                   @ "$x_{1}=2, y_{1}=1 ; x_{2}=-2, y_{2}=-1$"    @ WRONG
          (x,y)=\\pm(2,1)                                        @ "$x_{1}=2, y_{1}=1 ; x_{2}=-2, y_{2}=-1$"    @ CORRECT
          (x,y)=\\pm(1,2)                                        @ "$x_{1}=2, y_{1}=1 ; x_{2}=-2, y_{2}=-1$"    @ WRONG
          x=2,y=1\\text{ or }x=-2,y=-1                           @ "$x_{1}=2, y_{1}=1 ; x_{2}=-2, y_{2}=-1$"    @ CORRECT
          (x_1,y_1)=(0,0),\\ (x_2,y_2)=(2,2)                     @ (0,0), (2,2)                                 @ CORRECT
          (x_1,y_1)=(0,0),\\ (x_2,y_2)=(2,1)                     @ (0,0), (2,2)                                 @ WRONG
          x=y=0\\text{ or }x=y=2                                 @ (0,0), (2,2)                                 @ CORRECT
          x=y=0\\text{ or }x=y=1                                 @ (0,0), (2,2)                                 @ WRONG
          (1,1,1)                                                @ x=y=z=1                                      @ CORRECT
          (x,y,z)=(1,1,1)                                        @ x=y=z=1                                      @ CORRECT
          x=1,y=1,z=1                                            @ x=y=z=1                                      @ CORRECT
          z=y=x=1                                                @ x=y=z=1                                      @ CORRECT
          (1,1)                                                  @ x=y=z=1                                      @ WRONG
          (1,1,2)                                                @ x=y=z=1                                      @ WRONG
          x=1,y=1,z=2                                            @ x=y=z=1                                      @ WRONG
          M=(2,-1)                                               @ "$M(2,-1)$"                                  @ CORRECT
          x=2,\\ y=-1                                            @ "$M(2,-1)$"                                  @ CORRECT
          N=(2,-1)                                               @ "$M(2,-1)$"                                  @ WRONG
          M=(-1,2)                                               @ "$M(2,-1)$"                                  @ WRONG
          A=(1,2),\\ B=(-3,4)                                    @ A(1,2),\\ B(-3,4)                           @ CORRECT
          B=(-3,4),\\ A=(1,2)                                    @ A(1,2),\\ B(-3,4)                           @ CORRECT
          A=(-3,4),\\ B=(1,2)                                    @ A(1,2),\\ B(-3,4)                           @ WRONG
          A(1,2),\\ B(-3,4)                                      @ A=(1,2),\\ B=(-3,4)                         @ CORRECT
          A(-3,4),\\ B(1,2)                                      @ A=(1,2),\\ B=(-3,4)                         @ WRONG
          x=-1,\\ y=2                                            @ "$M(2,-1)$"                                  @ WRONG
          (3,4),(1,2)                                            @ "$A(3,4), B(1,2)$"                           @ CORRECT
          (1,2),(3,4)                                            @ "$A(3,4), B(1,2)$"                           @ WRONG
          (1,2),(3,4)                                            @ "$M(3,4)$ or $M(1,2)$"                       @ CORRECT
          \\frac{1}{2}(1,\\sqrt{3})                              @ \\left(\\frac{1}{2}, \\frac{\\sqrt{3}}{2}\\right) @ CORRECT
          \\frac{1}{2}(\\sqrt{3},1)                              @ \\left(\\frac{1}{2}, \\frac{\\sqrt{3}}{2}\\right) @ WRONG
          2(1,\\sqrt{3})                                         @ \\left(\\frac{1}{2}, \\frac{\\sqrt{3}}{2}\\right) @ WRONG
          (q,p)=(2,5)                                            @ p=5, q=2                                     @ CORRECT
          (q,p)=(5,2)                                            @ p=5, q=2                                     @ WRONG
          (\\mu,\\sigma^2)=(3,4) @ \\mu=3, \\sigma^{2}=4 @ CORRECT
          (\\mu,\\sigma^2)=(4,3) @ \\mu=3, \\sigma^{2}=4 @ WRONG
          (\\mu,\\sigma)=(3,4) @ \\mu=3, \\sigma^{2}=4 @ WRONG
          """)
  void namesOfCoordinatesMayBeWrittenInSeveralWays(
      String answer, String solution, Verdict verdict) {
    assertVerdict(answer, solution, verdict);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          (-2,2)                                                 @ \\pm 2                                       @ WRONG
          \\pm 2                                                 @ (-2,2)                                       @ WRONG
          -2,2                                                   @ \\pm 2                                       @ CORRECT
          (1,2)                                                  @ x=1\\text{ or }x=2                           @ WRONG
          (1,2)                                                  @ x=1, x=2                                     @ WRONG
          x=1, y=2                                               @ "$x\\in(1,2)$"                               @ WRONG
          x\\in(1,2)                                             @ x=1, y=2                                     @ WRONG
          \\{1,2\\}                                              @ x=1, x=2                                     @ CORRECT
          x=0,\\ x=\\pm1                                         @ x=-1, x=0, x=1                               @ CORRECT
          x=0,\\ x=\\pm2                                         @ x=-1, x=0, x=1                               @ WRONG
          x=\\pm1,\\ y=\\pm2                                     @ x=1, y=2, x=-1, y=-2                         @ WRONG
          \\,2:3:1\\,                                            @ "$2: 3$"                                     @ WRONG
          2\\,:\\,3\\,:\\,1                                      @ 2:3                                          @ WRONG
          \\,2:3\\,                                              @ "$2: 3$"                                     @ CORRECT
          4\\,:\\,6\\,:\\,2                                      @ 2:3:1                                        @ CORRECT
          x_1=-3,\\ x_2=1                                        @ x_{1}=1, x_{2}=-3                            @ CORRECT
          x_1=3,\\ x_2=1                                         @ x_{1}=1, x_{2}=-3                            @ WRONG
          \\lambda_{1}=5,\\ \\lambda_{2}=2                       @ \\lambda_1=2, \\lambda_2=5                   @ CORRECT
          \\lambda_{1}=5,\\ \\lambda_{2}=5                       @ \\lambda_1=2, \\lambda_2=5                   @ WRONG
          a_1=5,\\ a_2=2                                         @ a_1=2, a_2=5                                 @ WRONG
          x_1=3,\\ x_2=1,\\ x_3=2                                @ x_1=1, x_2=2, x_3=3                          @ WRONG
          """)
  void listsOfValuesAreNoPointsOrRatios(String answer, String solution, Verdict verdict) {
    assertVerdict(answer, solution, verdict);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          \\{t: -1<t<2\\}                                        @ \\left\\{x \\mid -1 < x < 2\\right\\}        @ CORRECT
          \\{t: -1<t<3\\}                                        @ \\left\\{x \\mid -1 < x < 2\\right\\}        @ WRONG
          \\{t: -1<x<2\\}                                        @ \\left\\{x \\mid -1 < x < 2\\right\\}        @ WRONG
          a \\notin [0,1]                                        @ "$a>1$ or $a<0$"                             @ CORRECT
          a \\not\\in [0,1]                                      @ "$a>1$ or $a<0$"                             @ CORRECT
          a \\notin (0,1)                                        @ "$a>1$ or $a<0$"                             @ WRONG
          a \\notin \\{1\\}                                      @ a\\ne 1                                      @ CORRECT
          b \\notin \\{1\\}                                      @ a\\ne 1                                      @ WRONG
          a \\in [0,1]                                           @ "$a>1$ or $a<0$"                             @ WRONG
          \\{n\\in\\mathbb{Z}: 1\\le n\\le 3\\}                  @ \\{1,2,3\\}                                  @ CORRECT
          \\{n\\in\\mathbb{Z}: 1\\le n<3\\}                      @ \\{1,2,3\\}                                  @ WRONG
          \\{x: 1\\le x\\le 3\\}                                 @ \\{1,2,3\\}                                  @ WRONG
          \\{2k : k\\in\\{-1,0,1\\}\\}                           @ "$\\{-2,0,2\\}$"                             @ CORRECT
          \\{2k : k\\in\\{-1,0,2\\}\\}                           @ "$\\{-2,0,2\\}$"                             @ WRONG
          \\{1,3,5,7\\}                                          @ \\{2k+1 \\mid k \\in \\mathbb{Z}, 0 \\le k \\le 3\\} @ CORRECT
          \\{2n-1 \\mid n \\in \\mathbb{Z}, 1 \\le n \\le 4\\}     @ \\{2k+1 \\mid k \\in \\mathbb{Z}, 0 \\le k \\le 3\\} @ CORRECT
          \\{2n-1 \\mid n \\in \\mathbb{Z}, 1 \\le n < 4\\}       @ \\{2k+1 \\mid k \\in \\mathbb{Z}, 0 \\le k \\le 3\\} @ WRONG
          \\{1,3,5\\}                                            @ \\{2k+1 \\mid k \\in \\mathbb{Z}, 0 \\le k \\le 3\\} @ WRONG
          n\\in\\{3m \\mid m\\in\\mathbb{N}\\}                   @ "$n=3k, k\\in\\mathbb{N}$"                   @ CORRECT
          n\\in\\{2m \\mid m\\in\\mathbb{N}\\}                   @ "$n=3k, k\\in\\mathbb{N}$"                   @ WRONG
          n\\in\\{3m \\mid m\\in\\mathbb{Z}\\}                   @ "$n=3k, k\\in\\mathbb{N}$"                   @ WRONG
          n=2^m,\\ m\\ge0                                        @ n=2^{k}, k \\geq 0                           @ CORRECT
          \\{2^k : k\\ge 0\\}                                    @ "$n=2^{k}, k \\geq 0$"                       @ CORRECT
          n=2^{k-1},\\ k\\ge1                                    @ "$n=2^{k}, k \\geq 0$"                       @ CORRECT
          n = 2^k,\\ k\\in\\mathbb{Z}_{\\ge 0}                   @ n=2^{k}, k \\geq 0                           @ CORRECT
          n=2^m,\\ m\\ge1                                        @ n=2^{k}, k \\geq 0                           @ WRONG
          n=2^{k-1},\\ k\\ge0                                    @ n=2^{k}, k \\geq 0                           @ WRONG
          n=2^{k+1},\\ k\\ge1                                    @ n=2^{k}, k \\geq 0                           @ WRONG
          n = 2^k,\\ k\\in\\mathbb{Z}_{>0}                       @ n=2^{k}, k \\geq 0                           @ WRONG
          n = 2^k,\\ k\\in\\mathbb{Z}                            @ n=2^{k}, k \\geq 0                           @ WRONG
          n=2^k                                                  @ n=2^{k}, k \\geq 0                           @ WRONG
          n=2^k+m,\\ k\\ge1                                      @ "$n=2^k+m, m\\ge 1$"                         @ WRONG
          y=mx,\\ m\\in\\mathbb{N}^*                             @ y=mx, m\\ge 1                                @ WRONG
          """)
  void setsMayBeGivenByRules(String answer, String solution, Verdict verdict) {
    assertVerdict(answer, solution, verdict);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          x=\\frac{\\pi}{6}+2\\pi k\\text{ or }x=\\frac{5\\pi}{6}+2\\pi k,\\ k\\in\\mathbb{Z} @ "$(-1)^{n} \\frac{\\pi}{6}+\\pi n, n \\in \\mathbb{Z}$" @ CORRECT
          x=\\frac{\\pi}{6}+2\\pi k\\text{ or }x=-\\frac{\\pi}{6}+2\\pi k,\\ k\\in\\mathbb{Z} @ "$(-1)^{n} \\frac{\\pi}{6}+\\pi n, n \\in \\mathbb{Z}$" @ WRONG
          x=\\frac{\\pi}{6}+2\\pi k,\\ k\\in\\mathbb{Z}          @ "$(-1)^{n} \\frac{\\pi}{6}+\\pi n, n \\in \\mathbb{Z}$" @ WRONG
          (-1)^{k+1}\\frac{\\pi}{6}+\\pi k,\\ k\\in\\mathbb{Z}   @ "$(-1)^{n} \\frac{\\pi}{6}+\\pi n, n \\in \\mathbb{Z}$" @ WRONG
          (-1)^{k+1}\\frac{\\pi}{6}+\\pi k,\\ k\\in\\mathbb{Z}   @ "$x=-\\frac{\\pi}{6}+2\\pi n, x=\\frac{7\\pi}{6}+2\\pi n, n \\in \\mathbb{Z}$" @ CORRECT
          n!\\cos(n\\pi)                                         @ (-1)^{n} n!                                  @ CORRECT
          \\frac{n!}{(-1)^n}                                     @ (-1)^{n} n!                                  @ CORRECT
          n!\\sin(n\\pi)                                         @ (-1)^{n} n!                                  @ WRONG
          (-1)^{n+1} n!                                          @ (-1)^{n} n!                                  @ WRONG
          n!                                                     @ (-1)^{n} n!                                  @ WRONG
          \\cos(\\pi x)                                          @ (-1)^{x}                                     @ WRONG
          """)
  void signsMayAlternate(String answer, String solution, Verdict verdict) {
    assertVerdict(answer, solution, verdict);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          f(x)=2x+c,\\ \\forall c\\in\\mathbb{R}                 @ "$f(x)=2x+c \\text{ for any } c$"            @ CORRECT
          f(x)=3x+c,\\ \\forall c\\in\\mathbb{R}                 @ "$f(x)=2x+c \\text{ for any } c$"            @ WRONG
          f\\equiv0\\text{ and }f(x)=x^2                         @ f(x)=0, f(x)=x^{2}                           @ CORRECT
          f\\equiv1\\text{ and }f(x)=x^2                         @ f(x)=0, f(x)=x^{2}                           @ WRONG
          f(x)\\equiv 0                                          @ f(x)=0                                       @ CORRECT
          x\\equiv 3                                             @ x\\equiv 3\\pmod 7                           @ WRONG
          \\,f(x)=\\begin{cases}1-x & \\text{if } x<0\\\\ 1+x & \\text{if } x\\ge0\\end{cases}\\, @ f(x)=\\begin{cases} x+1, & x \\geq 0 \\\\ 1-x, & x<0 \\end{cases} @ CORRECT
          \\,f(x)=\\begin{cases}1-x & \\text{if } x<0\\\\ 2+x & \\text{if } x\\ge0\\end{cases}\\, @ f(x)=\\begin{cases} x+1, & x \\geq 0 \\\\ 1-x, & x<0 \\end{cases} @ WRONG
          \\,\\text{max}=5,\\ \\text{min}=-3\\,                  @ \\text{maximum } 5, \\text{ minimum } -3     @ CORRECT
          \\text{the maximum is } 5\\text{ and the minimum is } -3 @ \\text{maximum } 5, \\text{ minimum } -3     @ CORRECT
          \\text{the minimum is } 5\\text{ and the maximum is } -3 @ \\text{maximum } 5, \\text{ minimum } -3     @ WRONG
          \\text{max}=5                                          @ \\text{maximum } 5, \\text{ minimum } -3     @ WRONG
          """)
  void functionsAndLabelsHaveSeveralForms(String answer, String solution, Verdict verdict) {
    assertVerdict(answer, solution, verdict);
  }
}
