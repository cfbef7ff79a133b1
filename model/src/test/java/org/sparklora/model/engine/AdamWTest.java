package org.sparklora.model.engine;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AdamWTest {
  /** In engines 1 − β would be 0, and parameters whose gradient is 0 would become NaN. */
  @ParameterizedTest
  @CsvSource({"0.99999999, 0.999", "0.9, 0.99999999"})
  void betasThatRoundToOneAreRefused(double beta1, double beta2) {
    assertThatThrownBy(() -> new AdamW(1, 0.1, beta1, beta2, 1e-8, 0, 0, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("betas %s and %s".formatted(beta1, beta2))
        .hasMessageContaining("as float32");
  }
}
