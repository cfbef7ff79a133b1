package org.sparklora.spark.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class PassAtKTest {
  private static final double ROUNDING = 1e-12;

  @Test
  void isTheShareOfChoicesThatHoldARightOne() {
    assertThat(PassAtK.of(4, 2, 2)).isCloseTo(5.0 / 6, within(ROUNDING)); // 1 of 6 pairs has none
    assertThat(PassAtK.of(5, 1, 1)).isCloseTo(0.2, within(ROUNDING));
    assertThat(PassAtK.of(8, 0, 8)).isZero();
    assertThat(PassAtK.of(8, 1, 8)).isOne();
    assertThat(PassAtK.of(8, 5, 4)).isOne(); // only three are wrong
  }

  @Test
  void equalsCountingEveryChoice() {
    for (int n = 1; n <= 8; n++) {
      for (int c = 0; c <= n; c++) {
        for (int k = 1; k <= n; k++) {
          assertThat(PassAtK.of(n, c, k))
              .as("n %d, c %d, k %d", n, c, k)
              .isCloseTo(counted(n, c, k), within(ROUNDING));
        }
      }
    }
  }

  /** The first c of n are right. */
  private static double counted(int n, int c, int k) {
    int choices = 0;
    int passed = 0;
    for (int choice = 0; choice < 1 << n; choice++) {
      if (Integer.bitCount(choice) == k) {
        choices++;
        passed += (choice & (1 << c) - 1) != 0 ? 1 : 0;
      }
    }
    return (double) passed / choices;
  }

  @Test
  void theIntervalIsWilsonsWhereProblemsAreSolvedOrNot() {
    PassAtK half = PassAtK.over(new double[] {1, 1, 1, 1, 1, 0, 0, 0, 0, 0});
    assertThat(half.value()).isEqualTo(0.5);
    assertThat(half.low()).isCloseTo(0.2366, within(1e-4));
    assertThat(half.high()).isCloseTo(0.7634, within(1e-4));
    PassAtK none = PassAtK.over(new double[10]);
    assertThat(none.low()).isZero();
    assertThat(none.high()).isCloseTo(0.2775, within(1e-4));
  }

  @Test
  void elseItIsThatOfTheProblemsMean() {
    PassAtK pass = PassAtK.over(new double[] {0.25, 0.75, 0.25, 0.75});
    double half = 1.959964 * Math.sqrt(0.25 / 3 / 4);
    assertThat(pass.low()).isCloseTo(0.5 - half, within(ROUNDING));
    assertThat(pass.high()).isCloseTo(0.5 + half, within(ROUNDING));
    assertThat(PassAtK.over(new double[] {0.5})).isEqualTo(new PassAtK(0.5, 0, 1));
  }
}
