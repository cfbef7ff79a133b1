package org.sparklora.model.loss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class TokenLogProbsTest {

  private static TokenLogProbs tokens() {
    return new TokenLogProbs(
        new int[] {0, 4},
        new int[] {7, 8},
        new float[] {-1, -2},
        new float[] {0.5f, 1.5f},
        new int[] {7, 9});
  }

  @Test
  void summarisesItsTokens() {
    assertThat(tokens().nllSum()).isCloseTo(3, within(1e-9));
    assertThat(tokens().entropyMean()).isCloseTo(1, within(1e-9));
    assertThat(tokens().accuracyMean()).isEqualTo(0.5);
  }
}
