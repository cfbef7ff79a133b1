package org.sparklora.model.loss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class TokenLogProbsTest {

  private static TokenLogProbs tokens(float second) {
    return new TokenLogProbs(
        new int[] {0, 4},
        new int[] {7, 8},
        new float[] {-1, second},
        new float[] {0.5f, 1.5f},
        new int[] {7, 9});
  }

  @Test
  void summarisesItsTokens() {
    assertThat(tokens(-2).nllSum()).isCloseTo(3, within(1e-9));
    assertThat(tokens(-2).entropyMean()).isCloseTo(1, within(1e-9));
    assertThat(tokens(-2).accuracyMean()).isEqualTo(0.5);
  }

  @Test
  void isEqualToTheLastBitOrNot() {
    assertThat(tokens(-2)).isEqualTo(tokens(-2)).hasSameHashCodeAs(tokens(-2));
    assertThat(tokens(-2)).isNotEqualTo(tokens(Math.nextUp(-2f))).isNotEqualTo("tokens");
  }
}
