package org.sparklora.spark.dl4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.sparklora.spark.train.NonFiniteLossException;

class GradientClipTest {
  @ParameterizedTest
  @CsvSource({"0, 3", "10, 3", "5.1, 3", "1, 0.6", "2.5, 1.5"})
  void longGradientsAreScaledToTheLargestNorm(double largest, double first) {
    INDArray gradient = Nd4j.createFromArray(3f, 0f, -4f);

    assertThat(GradientClip.apply(gradient, largest, 0)).isEqualTo(5);

    assertThat(gradient.getDouble(0)).isCloseTo(first, within(1e-6));
    assertThat(gradient.getDouble(2)).isCloseTo(-first * 4 / 3, within(1e-6));
  }

  /** ND4J's own norm is a float32 sum in as many parts as OpenMP has threads there. */
  @Test
  void normIsADoubleSum() {
    INDArray gradient = Nd4j.randn(100_003);
    double squares = 0;
    for (float value : gradient.toFloatVector()) {
      squares += (double) value * value;
    }

    assertThat(GradientClip.apply(gradient, 0, 0))
        .isCloseTo(Math.sqrt(squares), withinPercentage(1e-10));
  }

  @Test
  void gradientThatIsNotFiniteIsRefused() {
    INDArray gradient = Nd4j.createFromArray(1f, Float.NaN);

    assertThatThrownBy(() -> GradientClip.apply(gradient, 1, 4))
        .isInstanceOf(NonFiniteLossException.class)
        .hasMessageContaining("gradient norm")
        .hasMessageContaining("step 5");
  }
}
