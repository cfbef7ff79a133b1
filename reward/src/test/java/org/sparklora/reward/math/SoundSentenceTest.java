package org.sparklora.reward.math;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sparklora.pipeline.table.Verdict;
import org.sparklora.reward.math.MathReward.Dialect;

/** Words beside mathematics, such as units, labels and "or", belong to solutions and answers. */
class SoundSentenceTest {
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
          "The answer is 72 clips."                                  @ 72
          "#### 72 clips"                                            @ 72
          "The answer is 42. I am sure that this answer is right."   @ 42
          "The final answer is $x=4$. So the answer is correct!"     @ 4
          "The answer is 42. (Here $n=6$.)"                          @ 42
          "The answer is (B). Indeed $x=3$."                         @ B
          "The answer is $42. She keeps $10."                        @ 42
          "Let $x$ be it. The answer is 42. I hope this answer helps." @ 42
          "The answer is approximately 3.14."                        @ 3.14
          "The answer is therefore 42."                              @ 42
          "The answer is A and C. Indeed $x=3$."                     @ A, C
          "<think>3</think> <answer>(1,2)</answer>"                  @ (1,2)
          "<answer>The answer is $5$.</answer> So $x=3$."            @ 5
          "The answer is `5`."                                       @ 5
          """)
  void sentencesAreReadToTheirAnswer(String completion, String solution) {
    assertThat(sound.judge(completion, solution).verdict()).isEqualTo(Verdict.CORRECT);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          12\\text{ cm}            @ "$12$ cm"                 @ CORRECT
          12                       @ "$12$ cm"                 @ CORRECT
          120\\text{ mm}           @ "$12$ cm"                 @ CORRECT
          12\\text{ m}             @ "$12$ cm"                 @ WRONG
          12\\text{ cm}^2          @ "$12$ cm"                 @ WRONG
          12\\text{ seconds}       @ "$12$ cm"                 @ WRONG
          12\\%                    @ "$12$ cm"                 @ WRONG
          12\\text{ cm}^2          @ "$12$ cm$^2$"             @ CORRECT
          2                        @ "$12$ cm$^2$"             @ WRONG
          12\\text{ m}^2           @ "$12$ square cm"          @ WRONG
          12\\text{ 厘米}          @ "$12$ 平方厘米"           @ WRONG
          5000\\text{ 克}          @ "$5$ 千克"                @ CORRECT
          5\\text{ 千米}           @ "$5$ 千克"                @ WRONG
          180\\text{ minutos}      @ "$3$ horas"               @ CORRECT
          3\\text{ días}           @ "$3$ horas"               @ WRONG
          250\\text{ centimètres}  @ "$2{,}5$ mètres"          @ CORRECT
          25\\text{ centimètres}   @ "$2{,}5$ mètres"          @ WRONG
          2{,}5\\text{ mètres carrés} @ "$2{,}5$ mètres"       @ WRONG
          150\\text{ 分钟}         @ "$2$ 小时 $30$ 分钟"      @ CORRECT
          2\\text{ 小时 }30\\text{ 分钟} @ "$2$ 小时 $30$ 分钟" @ CORRECT
          230\\text{ 分钟}         @ "$2$ 小时 $30$ 分钟"      @ WRONG
          60^\\circ                @ "The angle is $60$ degrees." @ CORRECT
          1.5\\times 10^6          @ "$1.5$ million"           @ CORRECT
          1.5                      @ "$1.5$ million"           @ WRONG
          12\\text{ cm}            @ "The answer is $12$ cm."  @ CORRECT
          12\\text{ m}             @ "The answer is $12$ cm."  @ WRONG
          20\\text{ students}      @ "$20$ people"             @ CORRECT
          x+y                      @ "$x+y$ cm"                @ CORRECT
          60\\text{ off}           @ 60                        @ WRONG
          \\$60\\text{ off}        @ 60                        @ WRONG
          \\$60\\text{ cheaper}    @ 60                        @ WRONG
          \\$60\\text{ discount}   @ 60                        @ WRONG
          60\\text{ dollars off the price} @ 60               @ WRONG
          60\\text{ offers}        @ 60                        @ CORRECT
          """)
  void unitsMayFollowTheMathematics(String answer, String solution, Verdict verdict) {
    assertThat(verdict(answer, solution)).isEqualTo(verdict);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          x<1\\text{ 或 }x>3         @ "$x<1$ 或 $x>3$"                    @ CORRECT
          x<1\\text{ 且 }x>3         @ "$x<1$ 或 $x>3$"                    @ WRONG
          x<1, x>3                   @ "$x<1$ 或 $x>3$"                    @ CORRECT
          x\\le-2\\text{ 且 }x\\ge3  @ \\{x|x\\le-2\\text{ 或 }x\\ge3\\} @ WRONG
          x<2\\text{ and }x>5        @ (-\\infty,2)\\cup(5,\\infty)       @ WRONG
          x<2 \\land x>5             @ (-\\infty,2)\\cup(5,\\infty)       @ WRONG
          x<2 \\lor x>5              @ (-\\infty,2)\\cup(5,\\infty)       @ CORRECT
          x\\le 0\\text{ o }x\\ge 5  @ "$x\\le 0$ o $x\\ge 5$"            @ CORRECT
          (-\\infty,0]\\cup[5,\\infty) @ "$x\\le 0$ o $x\\ge 5$"          @ CORRECT
          x\\le 0\\text{ y }x\\ge 5  @ "$x\\le 0$ o $x\\ge 5$"            @ WRONG
          y=3, x=2                   @ "$x=2$ y $y=3$"                     @ CORRECT
          x=3\\text{ y }y=2          @ "$x=2$ y $y=3$"                     @ WRONG
          (1,2)\\cup(2,\\infty)      @ "$x>1$, and $x\\ne 2$"            @ CORRECT
          x>1\\text{ or }x\\ne 2     @ "$x>1$, and $x\\ne 2$"            @ WRONG
          y<0, x>0                   @ "$x>0$ and $y<0$"                   @ CORRECT
          x>0\\text{ or }y<0         @ "$x>0$ and $y<0$"                   @ WRONG
          \\{-1\\}\\cup(2,\\infty)   @ "$a>2$ or $a=-1$"                 @ CORRECT
          a=-1, a>2                  @ "$a>2$ or $a=-1$"                   @ CORRECT
          a>2\\text{ and }a=-1       @ "$a>2$ or $a=-1$"                   @ WRONG
          a>2                        @ "$a>2$ or $a=-1$"                   @ WRONG
          2\\text{ or }3             @ 2\\text{ and }3                     @ CORRECT
          """)
  void andIsNotOrBetweenInequalities(String answer, String solution, Verdict verdict) {
    assertThat(verdict(answer, solution)).isEqualTo(verdict);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          \\text{maximum } 3,\\ \\text{minimum } -1 @ "minimum $-1$, maximum $3$" @ CORRECT
          \\text{min}=-1,\\ \\text{max}=3         @ "minimum $-1$, maximum $3$" @ CORRECT
          \\min=-1, \\max=3                       @ "minimum $-1$, maximum $3$" @ CORRECT
          -1, 3                                    @ "minimum $-1$, maximum $3$" @ CORRECT
          3, -1                                    @ "minimum $-1$, maximum $3$" @ WRONG
          3                                        @ "minimum $-1$, maximum $3$" @ WRONG
          [-1,3]                                   @ "minimum $-1$, maximum $3$" @ WRONG
          \\text{minimum } 3,\\ \\text{maximum } -1 @ "minimum $-1$, maximum $3$" @ WRONG
          \\text{max}=5,\\ \\text{min}=-3         @ "The maximum value is $5$ and the minimum value is $-3$." @ CORRECT
          \\text{The maximum value is } 5 \\text{ and the minimum value is } 3 @ "The maximum value is $5$ and the minimum value is $-3$." @ WRONG
          \\text{最小值为 }-2\\text{，最大值为 }4    @ "最大值为 $4$，最小值为 $-2$" @ CORRECT
          \\text{最大值为 }-2\\text{，最小值为 }4    @ "最大值为 $4$，最小值为 $-2$" @ WRONG
          15 \\text{ rabbits and } 20 \\text{ chickens} @ "$20$ chickens and $15$ rabbits" @ CORRECT
          20 \\text{ rabbits and } 15 \\text{ chickens} @ "$20$ chickens and $15$ rabbits" @ WRONG
          15                                       @ "$20$ chickens and $15$ rabbits" @ WRONG
          \\text{(b) } 15,\\ \\text{(a) } 12       @ "(a) $12$, (b) $15$"      @ CORRECT
          12, 15                                   @ "(a) $12$, (b) $15$"        @ CORRECT
          b=12, a=15                               @ "(a) $12$, (b) $15$"        @ WRONG
          (1)\\ 3;\\quad (2)\\ -\\frac{1}{2}       @ "(1) $3$; (2) $-\\frac{1}{2}$" @ CORRECT
          (2)\\ 3;\\quad (1)\\ -\\frac{1}{2}       @ "(1) $3$; (2) $-\\frac{1}{2}$" @ WRONG
          \\text{focus } (1,-3),\\ \\text{vertex } (1,-4) @ "vertex $(1,-4)$, focus $(1,-3)$" @ CORRECT
          \\text{vertex } (1,-3),\\ \\text{focus } (1,-4) @ "vertex $(1,-4)$, focus $(1,-3)$" @ WRONG
          \\text{range } [0,2],\\ \\text{domain } [0,4] @ "domain $[0,4]$, range $[0,2]$" @ CORRECT
          \\text{domain } [0,4],\\ \\text{range } [0,2) @ "domain $[0,4]$, range $[0,2]$" @ WRONG
          \\text{The minimum is } 2 \\text{ at } x=1 @ "The minimum is $2$, attained at $x=1$" @ CORRECT
          \\text{The maximum is } 2 \\text{ at } x=1 @ "The minimum is $2$, attained at $x=1$" @ WRONG
          5\\text{ cm}, 3\\text{ cm}                @ "length $5$ cm, width $3$ cm" @ CORRECT
          5\\text{ m}, 3\\text{ m}                  @ "length $5$ cm, width $3$ cm" @ WRONG
          \\text{width } 5 \\text{ cm}, \\text{ length } 12 \\text{ cm} @ The length is 12 cm and the width is 5 cm @ CORRECT
          \\text{length} = 12 \\text{ cm},\\ \\text{width} = 5 \\text{ cm} @ The length is 12 cm and the width is 5 cm @ CORRECT
          \\text{width } 12 \\text{ cm}, \\text{ length } 5 \\text{ cm} @ The length is 12 cm and the width is 5 cm @ WRONG
          \\text{width } 5 \\text{ m}, \\text{ length } 12 \\text{ m} @ The length is 12 cm and the width is 5 cm @ WRONG
          \\text{Oranges: } 8, \\text{ Apples: } 12 @ "Apples: 12, Oranges: 8"  @ CORRECT
          \\text{Oranges: } 12, \\text{ Apples: } 8 @ "Apples: 12, Oranges: 8"  @ WRONG
          \\text{Apples: } 12                     @ "Apples: 12, Oranges: 8"     @ WRONG
          \\text{June 20}                         @ June 20                      @ CORRECT
          9                                        @ "We have $x=3$, so the area is $9$." @ CORRECT
          9                                        @ "Since the side is $3$, the area is $9$." @ CORRECT
          """)
  void valuesKeepTheirLabels(String answer, String solution, Verdict verdict) {
    assertThat(verdict(answer, solution)).isEqualTo(verdict);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          \\text{There are } 120 \\text{ committees.} @ 120                  @ CORRECT
          \\text{There are } 12 \\text{ committees.} @ 120                   @ WRONG
          \\text{There are at most } 120 \\text{ committees} @ 120           @ WRONG
          \\text{There are } 120 \\text{ committees at most} @ 120           @ WRONG
          \\text{There are not } 120 \\text{ committees} @ 120               @ WRONG
          \\text{There are } 12 n \\text{ committees} @ 12                   @ WRONG
          \\text{There are about } 120                 @ 120                 @ WRONG
          \\text{Exactly } 120 \\text{ committees}     @ 120                 @ CORRECT
          \\text{Not exactly } 120 \\text{ committees} @ 120                 @ WRONG
          \\text{The smallest such } n \\text{ is } 7. @ 7                   @ CORRECT
          \\text{The smallest such } n \\text{ is } 7. @ n=7                 @ CORRECT
          \\text{The smallest such } n \\text{ is } 7. @ m=7                 @ WRONG
          \\text{The smallest } n \\text{ is not } 7   @ 7                   @ WRONG
          \\text{Lena has 17 stickers}                 @ 17                  @ CORRECT
          \\text{Lena has 18 stickers}                 @ 17                  @ WRONG
          \\text{Lena has 17 more stickers}            @ 17                  @ WRONG
          \\text{Lena has 17 or 18 stickers}           @ 17                  @ WRONG
          \\text{Lena has between 16 and 17 stickers}  @ 17                  @ WRONG
          \\text{Lena has 17 stickers if Max has 4}    @ 17                  @ WRONG
          \\text{Lena has 17 pairs and 2 stickers}     @ 17                  @ WRONG
          \\text{Lena is in group 17}                  @ 17                  @ WRONG
          \\text{The table weighs 17 kg}               @ 17\\text{ g}        @ WRONG
          \\text{The number of ways is } 12            @ 12                  @ CORRECT
          \\text{The number of ways is not } 12        @ 12                  @ WRONG
          \\text{The probability is }\\frac{11}{36}    @ \\frac{11}{36}      @ CORRECT
          \\text{The probability is about }\\frac{11}{36} @ \\frac{11}{36}   @ WRONG
          \\text{The number of ways cannot be } 12     @ 12                    @ WRONG
          \\text{Twice the number is } 12              @ 12                    @ WRONG
          \\text{The reciprocal of the answer is } 12  @ 12                    @ WRONG
          \\text{The answer could be } 12              @ 12                    @ WRONG
          \\text{Nobody has } 12                       @ 12                    @ WRONG
          \\text{The value of x is } 12                @ 12                    @ CORRECT
          \\text{x is } 12                             @ x=12                  @ CORRECT
          \\text{y is } 12                             @ x=12                  @ WRONG
          \\text{one and a half hours}                 @ 1.5 hours           @ CORRECT
          \\text{seventy-two clips}                    @ 72                  @ CORRECT
          \\text{two and a half hours}                 @ 1.5 hours           @ WRONG
          \\text{two hours}                            @ 2\\text{ min}       @ WRONG
          \\text{two thirds}                           @ 2                   @ WRONG
          \\text{Profit} = \\$70,000                   @ 70000               @ CORRECT
          \\text{Profit} = \\$70,000                   @ 70                  @ WRONG
          x=5, 125                                     @ 5125                @ WRONG
          \\text{Yes if } n \\text{ is even, no otherwise} @ \\text{Yes}     @ WRONG
          \\text{Yes, but only for even } n            @ \\text{Yes}         @ WRONG
          \\text{No, unless } x=2                      @ \\text{No}          @ WRONG
          \\text{Yes (only if } n \\text{ is even)}    @ \\text{Yes}           @ WRONG
          \\text{Yes, but not always}                  @ \\text{Yes}           @ WRONG
          \\text{No, not always}                       @ \\text{No}            @ CORRECT
          \\text{No, only } 2 \\text{ works}           @ \\text{No}            @ CORRECT
          \\text{Yes, since } n \\text{ is even}       @ \\text{Yes}         @ CORRECT
          \\text{No solution exists}                   @ \\text{No solutions} @ CORRECT
          \\text{The equation has no solutions}        @ \\emptyset          @ CORRECT
          \\text{One solution exists}                  @ \\text{No solution} @ WRONG
          """)
  void sentencesGiveTheirOnlyValue(String answer, String solution, Verdict verdict) {
    assertThat(verdict(answer, solution)).isEqualTo(verdict);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = '@',
      textBlock =
          """
          "We get 3·4 = 12, so:¶¶**12**"                             @ 12     @ CORRECT
          "The value is **4,038**."                                  @ 4038   @ CORRECT
          "It follows from $a=3$.¶¶**Answer: (B)**"                  @ B      @ CORRECT
          "**Answer:**¶¶**12**"                                      @ 12     @ CORRECT
          "**13**¶¶**12**"                                           @ 12     @ WRONG
          "The values are **13** and **12**."                        @ 12     @ WRONG
          "The price of the jacket is **\\$60**."                    @ 60     @ CORRECT
          "The price of the jacket is not **\\$60**."                @ 60     @ WRONG
          "After the discount, the price is **\\$60**."             @ 60     @ CORRECT
          "There are **40 students in the class**."                  @ 40     @ CORRECT
          "There are **40 students or so in the class**."            @ 40     @ WRONG
          "**40 students walk to school.**"                          @ 40     @ CORRECT
          "We multiply.¶¶**40 students walk to school.**"            @ 40     @ CORRECT
          "**40 students or more walk to school.**"                  @ 40     @ WRONG
          "**40 percent of the students walk.**"                     @ 40     @ WRONG
          "**40 students do not walk.**"                             @ 40     @ WRONG
          "1. **40 students walk to school.**"                       @ 40     @ WRONG
          "**40 km are left to go.**"                                @ 40\\text{ m} @ WRONG
          "The value is not **12**."                                 @ 12     @ WRONG
          "The value is at most **12**."                             @ 12     @ WRONG
          "If the value is **12**."                                  @ 12     @ WRONG
          "The value cannot be **12**."                              @ 12     @ WRONG
          "1. **12**¶2. **13**"                                      @ 13     @ WRONG
          "The value is **12** or more."                             @ 12     @ WRONG
          "The value is **12**, and that is wrong."                  @ 12     @ WRONG
          "**Step 12**"                                              @ 12     @ WRONG
          "$\\boxed{18}$. Wait. The final answer is $14$."         @ 14     @ CORRECT
          "$\\boxed{18}$. Wait. The final answer is $14$."         @ 18     @ WRONG
          "$\\boxed{18}$. Wait. The final answer is 14."           @ 18     @ WRONG
          "$r=\\boxed{6}\\cdot 2$, so the final answer is $12$." @ 6      @ WRONG
          "$\\boxed{18}$. I don't think the final answer is $14$." @ 14     @ WRONG
          "$\\boxed{18}$. I don't think the final answer is $14$." @ 18     @ CORRECT
          "$\\boxed{18}$. That is not right, so the final answer is $14$." @ 14 @ CORRECT
          "$\\boxed{18}$. This is the final answer."               @ 18     @ CORRECT
          "$\\boxed{18}$. The final answer is the sum of $5$ and $13$." @ 18 @ CORRECT
          "$\\boxed{12}$. The final answer is B."                  @ 12     @ CORRECT
          """)
  void boldTypeAndTheLastSentenceMayEndAText(String completion, String solution, Verdict verdict) {
    String text = completion.replace("¶", "\n");
    assertThat(sound.judge(text, solution).verdict()).isEqualTo(verdict);
  }

  @Test
  void centsAreNoDollarsOfASolution() {
    String dollars = "She makes 9 * 2 = $<<9*2=18>>18 every day.\n#### 18";
    assertThat(verdict("18\\text{ cents}", dollars)).isEqualTo(Verdict.WRONG);
    assertThat(verdict("1800\\text{ cents}", dollars)).isEqualTo(Verdict.CORRECT);
    assertThat(verdict("18\\text{ dollars}", dollars)).isEqualTo(Verdict.CORRECT);
    assertThat(verdict("18\\text{ eggs}", dollars)).isEqualTo(Verdict.CORRECT);
    assertThat(verdict("18\\text{ cents}", "9 * 2 = 18 cents, or $0.18\n#### 18"))
        .isEqualTo(Verdict.CORRECT);
  }

  @Test
  void solutionsMayBeSentences() {
    for (String solution : List.of("6 times 7. The answer is 42.", "6*7 = <<6*7=42>>42\n#### 42")) {
      assertThat(sound.judge("\\boxed{42}", solution).verdict()).isEqualTo(Verdict.CORRECT);
      assertThat(sound.judge("\\boxed{7}", solution).verdict()).isEqualTo(Verdict.WRONG);
    }
  }
}
