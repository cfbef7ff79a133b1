package org.sparklora.reward.math;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sparklora.pipeline.table.Verdict;
import org.sparklora.reward.math.MathReward.Dialect;

/** Restated questions, several answers at once and values in another order earn no reward. */
class SoundSolutionTest {
  private final MathReward sound = MathReward.of(Dialect.SOUND);
  private final MathReward reference = MathReward.of(Dialect.MATH_VERIFY);

  private static Verdict verdict(MathReward reward, String answer, String solution) {
    return reward.judge("The answer is $\\boxed{" + answer + "}$.", solution).verdict();
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          2x+3=13                  @ x=5                    @ WRONG
          x^3-8=0                  @ x=2                    @ WRONG
          x-5=0                    @ x=5                    @ CORRECT
          (\\sqrt{2},\\infty)      @ x>\\sqrt{2}            @ CORRECT
          (-\\infty,\\ln 2)        @ x<\\ln 2               @ CORRECT
          (0,e)                    @ 0<x<e                  @ CORRECT
          [0,\\pi]                 @ 0\\le x\\le\\pi        @ CORRECT
          [0,\\pi)                 @ 0\\le x\\le\\pi        @ WRONG
          """)
  void bothDialectsWantSolvedEquationsAndKnowIrrationalBounds(
      String answer, String solution, Verdict verdict) {
    assertThat(verdict(reference, answer, solution)).isEqualTo(verdict);
    assertThat(verdict(sound, answer, solution)).isEqualTo(verdict);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          x^2-x-6>0                @ (-\\infty,-2)\\cup(3,\\infty) @ WRONG
          6-x-x^2\\ge 0            @ [-3,2]                 @ WRONG
          3x-4\\ge11               @ x\\ge5                 @ WRONG
          |x^2-5x+6|\\le 0         @ 2,3                    @ WRONG
          x^2-x>6, x^2-x-6>0       @ (-\\infty,-2)\\cup(3,\\infty) @ WRONG
          0\\le x<1                @ [0,1)                  @ CORRECT
          -2x\\le -10              @ [5,\\infty)            @ CORRECT
          2x^2>8                   @ x^2>4                  @ CORRECT
          a<0, b>0                 @ a>0, b<0               @ WRONG
          b<0, a>0                 @ a>0, b<0               @ CORRECT
          1<x<5                    @ a>1, b<5               @ WRONG
          x<0, x>10                @ x<-2, x>3              @ WRONG
          (-\\infty,-2)\\cup(3,\\infty) @ x<-2, x>3         @ CORRECT
          x<7, x>-2                @ -2<x<7                 @ CORRECT
          """)
  void inequalitiesAreSolvedAndListedByName(String answer, String solution, Verdict verdict) {
    assertThat(verdict(sound, answer, solution)).isEqualTo(verdict);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          \\infty\\approx 0\\approx 204 @ 204               @ WRONG
          \\infty\\approx 204\\approx 0 @ 204               @ WRONG
          2x\\approx 1\\approx 3   @ 3                      @ WRONG
          100\\approx 99           @ 99                     @ WRONG
          \\sqrt{2}\\approx 1.41   @ 1.41                   @ CORRECT
          \\sqrt{2}\\approx 1.41   @ \\sqrt{2}              @ CORRECT
          s^2\\approx 5.2          @ 5.2                    @ CORRECT
          x\\approx 12,345         @ 12345                  @ CORRECT
          0                        @ R-r                    @ WRONG
          1                        @ \\frac{R}{r}           @ WRONG
          2r                       @ R+r                    @ WRONG
          r+R                      @ R+r                    @ CORRECT
          X=5                      @ x=5                    @ CORRECT
          1:3:2                    @ 1:2:3                  @ WRONG
          3:2:9                    @ 1:2:3                  @ WRONG
          0:0:0                    @ 1:2:3                  @ WRONG
          \\frac{1}{6}             @ 1:2:3                  @ WRONG
          2:4:6                    @ 1:2:3                  @ CORRECT
          a:b:c=2:4:6              @ 1:2:3                  @ CORRECT
          1.6                      @ 1,6                    @ WRONG
          1,6                      @ 1.6                    @ CORRECT
          BA_{16}                  @ AB_{16}                @ WRONG
          BA                       @ AB_{16}                @ WRONG
          AB                       @ AB_{16}                @ CORRECT
          1E3_{16}                 @ 1000_{16}              @ WRONG
          """)
  void oneAnswerHasOneValue(String answer, String solution, Verdict verdict) {
    assertThat(verdict(sound, answer, solution)).isEqualTo(verdict);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          (5,3)                    @ x=3, y=5               @ WRONG
          5,3                      @ x=3, y=5               @ WRONG
          (3,5)                    @ x=3, y=5               @ CORRECT
          3,5                      @ x=3, y=5               @ CORRECT
          y=5, x=3                 @ x=3, y=5               @ CORRECT
          3,5                      @ y=5, x=3               @ CORRECT
          5,3                      @ x_1=3, x_2=5           @ CORRECT
          x=1,y=2                  @ (x,y)=(1,2)            @ CORRECT
          y=1,x=2                  @ (x,y)=(1,2)            @ WRONG
          1,2                      @ (x,y)=(1,2)            @ CORRECT
          2,1                      @ (x,y)=(1,2)            @ WRONG
          """)
  void valuesWithoutNamesKeepTheOrderOfTheNames(String answer, String solution, Verdict verdict) {
    assertThat(verdict(sound, answer, solution)).isEqualTo(verdict);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          2                        @ 2n                     @ WRONG
          2                        @ 2 n                    @ WRONG
          6                        @ 6s^2                   @ WRONG
          n+n                      @ 2n                     @ CORRECT
          \\frac{1}{2}n^2          @ \\frac{n^2}{2}         @ CORRECT
          4 h                      @ 4                      @ CORRECT
          5\\text{ n}              @ 5                      @ CORRECT
          36\\pi\\text{ cm}^2      @ 36\\pi                 @ CORRECT
          9\\pi                    @ 9\\pi\\mathrm{~cm}^{2} @ CORRECT
          9\\pi\\text{ m}^2        @ 9\\pi\\mathrm{~cm}^{2} @ WRONG
          3x\\text{ cm}            @ 3x                     @ CORRECT
          72 clips                 @ 72                     @ CORRECT
          72 clips                 @ 72\\text{ cm}          @ WRONG
          3 fifths                 @ 3                      @ WRONG
          June 20                  @ \\text{June 20}        @ CORRECT
          June 21                  @ \\text{June 20}        @ WRONG
          """)
  void variablesAreNoUnitsAndWordsAre(String answer, String solution, Verdict verdict) {
    assertThat(verdict(sound, answer, solution)).isEqualTo(verdict);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          x=\\pi k, k\\in\\mathbb Z                        @ x=k\\pi, \\quad k \\in \\mathbb{Z} @ CORRECT
          x=k\\pi                                          @ x=k\\pi\\ (k\\in\\mathbb{Z})  @ CORRECT
          \\{x\\mid x=k\\pi, k\\in\\mathbb{Z}\\}           @ x=k\\pi                       @ CORRECT
          n\\pi, \\text{ where } n \\text{ is an integer}  @ k\\pi, k\\in Z                @ CORRECT
          [k\\pi,k\\pi+1] (k\\in\\mathbb{Z})               @ [k\\pi,k\\pi+1],k\\in\\mathbb{Z} @ CORRECT
          2k\\pi, k\\in\\mathbb{Z}                         @ k\\pi, k\\in\\mathbb{Z}       @ WRONG
          k\\pi, k\\in\\mathbb{N}                          @ k\\pi, k\\in\\mathbb{Z}       @ WRONG
          x\\ge 2, x\\in\\mathbb{Z}                         @ x\\ge 2                        @ WRONG
          x\\ge 2, x\\in\\mathbb{R}                         @ x\\ge 2                        @ CORRECT
          k\\pi, k\\in\\mathbb{N}                          @ k\\pi                         @ WRONG
          a_n=2n-1\\ (n\\in\\mathbb{N}^*)                  @ a_n=2n-1                      @ CORRECT
          f(x)=x\\text{ for all }x\\in\\mathbb{R}          @ f(x)=x                        @ CORRECT
          f(x)=x\\text{ for all real }x                    @ f(x)=-x                       @ WRONG
          1, k                                             @ 1                             @ WRONG
          n=4m+1                                           @ n=4k+1                        @ CORRECT
          n=4k+3                                           @ n=4k+1                        @ WRONG
          n=4k-3                                           @ n=4k+1                        @ WRONG
          n=4m-3, m\\in\\mathbb{Z}                         @ n=4k+1, k\\in\\mathbb{Z}      @ CORRECT
          n=4m+1                                           @ n=4k+1, k\\in\\mathbb{Z}      @ CORRECT
          n\\equiv 1\\pmod 4                               @ n=4k+1                        @ CORRECT
          n=4k+5                                           @ n\\equiv 1\\pmod 4            @ CORRECT
          n=2k+1                                           @ n\\equiv 1\\pmod 4            @ WRONG
          x=-\\frac{\\pi}{2}+n\\pi, n\\in\\mathbb{Z}       @ x=\\frac{\\pi}{2}+k\\pi, k\\in\\mathbb{Z} @ CORRECT
          x=-\\frac{\\pi}{2}+2n\\pi, n\\in\\mathbb{Z}      @ x=\\frac{\\pi}{2}+2k\\pi, k\\in\\mathbb{Z} @ WRONG
          x=5+3t, y=1-2t, t\\in\\mathbb{Z}                 @ x=2+3t, y=1-2t, t\\in\\mathbb{Z} @ WRONG
          f(n)=n, n\\in\\mathbb{Z}                         @ f(n)=n+1, n\\in\\mathbb{Z}    @ WRONG
          a_n=2n-1, n\\in\\mathbb{Z}                       @ a_n=2n+1, n\\in\\mathbb{Z}    @ WRONG
          y=2x+3, x\\in\\mathbb{Z}                         @ y=2x+1                        @ WRONG
          3n-2, n\\in\\mathbb{Z}                           @ 3n+1                          @ WRONG
          x=2\\lambda                                      @ x=2\\alpha                    @ WRONG
          x\\equiv 3\\text{ (mod 7)}                       @ x\\equiv 3\\pmod 7                         @ CORRECT
          x\\equiv3,10\\pmod{14}                           @ x\\equiv 3\\pmod 7                         @ CORRECT
          x\\equiv3,11\\pmod{14}                           @ x\\equiv 3\\pmod 7                         @ WRONG
          x\\equiv3\\pmod{14}                              @ x\\equiv 3\\pmod 7                         @ WRONG
          n\\equiv\\pm1\\pmod 6                            @ n\\equiv 1\\text{ or }5\\pmod 6            @ CORRECT
          n\\equiv\\pm2\\pmod 6                            @ n\\equiv 1\\text{ or }5\\pmod 6            @ WRONG
          n=6k\\pm1,\\ k\\in\\mathbb{Z}                    @ n\\equiv 1\\text{ or }5\\pmod 6            @ CORRECT
          n=6k+1,\\ k\\in\\mathbb{Z}                       @ n\\equiv 1\\text{ or }5\\pmod 6            @ WRONG
          p=4k+3\\text{ for an integer }k                  @ p\\equiv 3\\pmod 4                         @ CORRECT
          p=4k+1\\text{ for an integer }k                  @ p\\equiv 3\\pmod 4                         @ WRONG
          x=\\frac{\\pi}{4}+2k\\pi\\text{ or }x=\\frac{5\\pi}{4}+2k\\pi, k\\in\\mathbb{Z} @ x=\\frac{\\pi}{4}+k\\pi, k\\in\\mathbb{Z}  @ CORRECT
          x=\\frac{\\pi}{4}+2k\\pi\\text{ or }x=\\frac{3\\pi}{4}+2k\\pi, k\\in\\mathbb{Z} @ x=\\frac{\\pi}{4}+k\\pi, k\\in\\mathbb{Z}  @ WRONG
          """)
  void rangesOfParametersMayBeLeftOut(String answer, String solution, Verdict verdict) {
    assertThat(verdict(sound, answer, solution)).isEqualTo(verdict);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          \\frac{x^3}{3}+K                                 @ \\frac{x^3}{3}+C                           @ CORRECT
          \\frac{x^3+1}{3}+C                               @ \\frac{x^3}{3}+C                           @ CORRECT
          \\frac{x^3}{3}                                   @ \\frac{x^3}{3}+C                           @ WRONG
          x^3+C                                            @ \\frac{x^3}{3}+C                           @ WRONG
          \\frac{x^3}{3}+x+C                               @ \\frac{x^3}{3}+C                           @ WRONG
          \\frac{x^3}{3}+Cx                                @ \\frac{x^3}{3}+C                           @ WRONG
          -\\frac12\\cos^2x+C                              @ \\frac{1}{2}\\sin^2 x+C                    @ CORRECT
          -\\frac14\\cos 2x+C                              @ \\frac{1}{2}\\sin^2 x+C                    @ CORRECT
          \\frac14\\cos 2x+C                               @ \\frac{1}{2}\\sin^2 x+C                    @ WRONG
          \\ln|2x|+C                                       @ \\ln|x|+C                                  @ CORRECT
          \\ln|x+1|+C                                      @ \\ln|x|+C                                  @ WRONG
          2\\ln|x|+C                                       @ \\ln|x|+C                                  @ WRONG
          y=\\frac{x^2+1}{2}+C                             @ y=\\frac{x^2}{2}+C                         @ CORRECT
          x^2+c+1                                          @ x^2+c                                      @ WRONG
          x^2+k+1                                          @ x^2+k                                      @ WRONG
          x^2+1                                            @ x^2                                        @ WRONG
          """)
  void constantsOfIntegrationAbsorbNumbers(String answer, String solution, Verdict verdict) {
    assertThat(verdict(sound, answer, solution)).isEqualTo(verdict);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          y=Ae^{2x}                                        @ y=Ce^{2x}                                  @ CORRECT
          y=C_1e^{2x}                                      @ y=Ce^{2x}                                  @ CORRECT
          y(x)=Ke^{2x}                                     @ y=Ce^{2x}                                  @ CORRECT
          y=ke^{2x}\\text{, where }k\\text{ is an arbitrary constant} @ y=Ce^{2x}                                  @ CORRECT
          y=Ae^{3x}                                        @ y=Ce^{2x}                                  @ WRONG
          y=e^{2x}                                         @ y=Ce^{2x}                                  @ WRONG
          y=e^{2x}+K                                       @ y=Ce^{2x}                                  @ WRONG
          y=xe^{2x}                                        @ y=Ce^{2x}                                  @ WRONG
          y=Ae^{-x^2}                                      @ y=3e^{-x^2}                                @ WRONG
          y=A\\cos x+B\\sin x                              @ y=C_1\\cos x+C_2\\sin x                    @ CORRECT
          y=C_1\\sin x+C_2\\cos x                          @ y=C_1\\cos x+C_2\\sin x                    @ CORRECT
          y=C_1e^x+C_2e^{-x}                               @ y=C_1\\cos x+C_2\\sin x                    @ WRONG
          y=A\\cos x                                       @ y=C_1\\cos x+C_2\\sin x                    @ WRONG
          x^2+y^2=K                                        @ x^2+y^2=C                                  @ CORRECT
          x^2-y^2=K                                        @ x^2+y^2=C                                  @ WRONG
          A=2\\pi r                                        @ C=2\\pi r                                  @ WRONG
          A=\\frac59(F-32)                                 @ C=\\frac{5}{9}(F-32)                       @ WRONG
          f(x)=ax,\\ a\\in\\mathbb{R}                      @ f(x)=cx\\text{ for any real constant }c    @ CORRECT
          f(x)=kx                                          @ f(x)=cx,\\ c\\in\\mathbb{R}                @ CORRECT
          f(x)=kx\\text{ for any constant }k               @ "$f(x)=cx$ for any real constant $c$"      @ CORRECT
          f(x)=cx^2\\text{ for any constant }c             @ "$f(x)=cx$ for any real constant $c$"      @ WRONG
          f(x)=c\\text{ for any constant }c                @ "$f(x)=cx$ for any real constant $c$"      @ WRONG
          f(x)=x                                           @ "$f(x)=cx$ for any real constant $c$"      @ WRONG
          f(x)=ax                                          @ f(x)=bx                                    @ WRONG
          y=-Ce^{-2x}+x-1                                  @ y=Ce^{-2x}+x-1                             @ CORRECT
          y=-Ce^{2x}+x-1                                   @ y=Ce^{-2x}+x-1                             @ WRONG
          y=Ce^{-2x}-x-1                                   @ y=Ce^{-2x}+x-1                             @ WRONG
          y=A\\cosh x+B\\sinh x                            @ y=C_1e^x+C_2e^{-x}                         @ CORRECT
          y=A\\cosh x+B\\sinh 2x                           @ y=C_1e^x+C_2e^{-x}                         @ WRONG
          y=A\\cosh x+B\\cosh x                            @ y=C_1e^x+C_2e^{-x}                         @ WRONG
          y(x)=ae^{-x}+be^x,\\ a,b\\in\\mathbb{R}          @ y=C_1e^x+C_2e^{-x}                         @ CORRECT
          y(x)=ae^{-x}+be^{2x},\\ a,b\\in\\mathbb{R}       @ y=C_1e^x+C_2e^{-x}                         @ WRONG
          \\frac{x^2}{2}+\\frac{y^2}{2}=C                  @ x^2+y^2=C                                  @ CORRECT
          2x^2+2y^2+1=K                                    @ x^2+y^2=C                                  @ CORRECT
          \\frac{x^2}{2}+\\frac{y^2}{3}=C                  @ x^2+y^2=C                                  @ WRONG
          y=-\\frac{1}{x+C}                                @ y=\\frac{1}{C-x}                           @ CORRECT
          y=\\frac{1}{x+C}                                 @ y=\\frac{1}{C-x}                           @ WRONG
          y=-\\frac{1}{2x+C}                               @ y=\\frac{1}{C-x}                           @ WRONG
          y=(x+1)C_1+C_2x+5                                @ y=C_1x+C_2                                 @ CORRECT
          y=(x+1)C_1+C_2x+x^2                              @ y=C_1x+C_2                                 @ WRONG
          y=e^{x+C}                                        @ y=Ce^x                                     @ WRONG
          Ax^2+Bx+C+1                                      @ Ax^2+Bx+C                                  @ WRONG
          """)
  void namesOfArbitraryConstantsAreFree(String answer, String solution, Verdict verdict) {
    assertThat(verdict(sound, answer, solution)).isEqualTo(verdict);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          y(x)=3\\exp(-x^2)                                @ y=3e^{-x^2}                                @ CORRECT
          y(x)=3\\exp(x^2)                                 @ y=3e^{-x^2}                                @ WRONG
          f^{-1}(y)=\\frac{y-1}{3}                         @ f^{-1}(x)=\\frac{x-1}{3}                   @ CORRECT
          f^{-1}(y)=\\frac{x-1}{3}                         @ f^{-1}(x)=\\frac{x-1}{3}                   @ WRONG
          f(y)=\\frac{y-1}{3}                              @ f^{-1}(x)=\\frac{x-1}{3}                   @ WRONG
          a_k=2^k-1                                        @ a_n=2^n-1                                  @ CORRECT
          a_k=2^n-1                                        @ a_n=2^n-1                                  @ WRONG
          b_k=2^k-1                                        @ a_n=2^n-1                                  @ WRONG
          f(x)=\\pm x                                      @ f(x)=x, f(x)=-x                            @ CORRECT
          f(t)=t,\\ f(t)=-t                                @ f(x)=x, f(x)=-x                            @ CORRECT
          f(t)=t,\\ f(t)=0                                 @ f(x)=x, f(x)=-x                            @ WRONG
          f(x)=\\pm\\frac1x                                @ f(x)=x, f(x)=-x                            @ WRONG
          f(t)=t^2+x                                       @ f(x)=x^2+x                                 @ WRONG
          y=\\frac{x+5}{2}\\text{ or }y=\\frac{3-x}{2}     @ x-2y+5=0\\text{ or }x+2y-3=0               @ CORRECT
          y=\\frac{x+5}{2}\\text{ or }y=\\frac{x-3}{2}     @ x-2y+5=0\\text{ or }x+2y-3=0               @ WRONG
          (k,k+1)\\text{ for positive integers }k          @ "$(n, n+1)$ for positive integers $n$"     @ CORRECT
          (k,k+2)\\text{ for positive integers }k          @ "$(n, n+1)$ for positive integers $n$"     @ WRONG
          n                                                @ "$(n, n+1)$ for positive integers $n$"     @ WRONG
          """)
  void namesOfVariablesOfDefinitionsAreFree(String answer, String solution, Verdict verdict) {
    assertThat(verdict(sound, answer, solution)).isEqualTo(verdict);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          \\frac{\\pi}{4}^\\circ     @ 45^\\circ               @ WRONG
          (\\frac{\\pi}{4})^\\circ   @ 45^\\circ               @ WRONG
          \\frac{90}{2}^\\circ       @ 45^\\circ               @ CORRECT
          150^\\circ, 30^\\circ      @ 30^\\circ, 150^\\circ   @ CORRECT
          30^\\circ, \\frac{5\\pi}{6} @ 30^\\circ, 150^\\circ  @ CORRECT
          \\cos 60^\\circ            @ \\sin 30^\\circ          @ CORRECT
          \\{3,\\{3\\}\\}            @ 3                      @ WRONG
          \\{3,\\{3\\}\\}            @ \\{3,\\{3\\}\\}         @ CORRECT
          """)
  void degreesOfRadiansAndSetsInSetsAreOtherValues(
      String answer, String solution, Verdict verdict) {
    assertThat(verdict(sound, answer, solution)).isEqualTo(verdict);
  }
}
