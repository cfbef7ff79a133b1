package org.sparklora.spark.dl4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sparklora.train.NonFiniteLossException;

class GradientClipTest {
  @ParameterizedTest
  @CsvSource({"0, 1", "10, 1", "5.1, 1", "1, 0.2", "2.5, 0.5"})
  void longGradientsAreScaledToTheLargestNorm(double largest, double scale) {
    assertThat(GradientClip.scale(5, largest, 0)).isCloseTo(scale, within(1e-6));
  }

  /** As torch has it. */
  @Test
  void theNormIsAMillionthLonger() {
    assertThat(GradientClip.scale(1, 0.5, 0)).isEqualTo(0.5 / 1.000001);
  }

  @ParameterizedTest
  @CsvSource({"NaN", "Infinity"})
  void gradientThatIsNotFiniteIsRefused(double norm) {
    assertThatThrownBy(() -> GradientClip.scale(norm, 1, 4))
        .isInstanceOf(NonFiniteLossException.class)
        .hasMessageContaining("gradient norm")
        .hasMessageContaining("step 5");
  }
}
