package org.sparklora.reward.math.number;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.math.RoundingMode;
import org.junit.jupiter.api.Test;

class PreciseConstantsTest {
  @Test
  void constantsHaveTheSameDigitsWhateverWasAskedForBefore() {
    for (PreciseConstants constant : PreciseConstants.values()) {
      BigDecimal first = constant.to(150);
      constant.to(700);
      assertThat(constant.to(150)).isEqualTo(first);
      assertThat(constant.to(699)).isEqualTo(constant.to(700).setScale(699, RoundingMode.DOWN));
    }
  }
}
