package org.sparklora.model.engine.vector;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class VectorMathTest {
  static {
    assertThat(VectorProvider.loadsModule()).isTrue(); // as engine do, before their first vector
  }

  private static final double UNIT_IN_THE_LAST_PLACE = Math.pow(2, -23);

  private static float exp(float x) {
    float[] lanes = new float[VectorMath.LANES];
    java.util.Arrays.fill(lanes, x);
    VectorMath.exp(VectorMath.at(lanes, 0)).intoArray(lanes, 0);
    return lanes[0];
  }

  @Test
  void exponentialIsWithinOneUnitInTheLastPlace() {
    double worst = 0;
    for (float x = -87.3f; x < 88.3f; x += 0.00391f) {
      double exact = Math.exp(x);
      worst = Math.max(worst, Math.abs(exp(x) - exact) / exact);
    }
    assertThat(worst).isLessThan(UNIT_IN_THE_LAST_PLACE);
  }

  @Test
  void exponentialAtTheEdges() {
    assertThat(exp(0)).isEqualTo(1);
    assertThat(exp(Float.NEGATIVE_INFINITY)).isBetween(0f, 1.3e-38f);
    assertThat(exp(Float.POSITIVE_INFINITY)).isBetween(2e38f, Float.POSITIVE_INFINITY);
    assertThat(exp(Float.NaN)).isNaN();
  }

  @Test
  void dotAddsUpWholeVectorsOfPaddedRows() {
    for (int columns : new int[] {1, 7, 8, 9, 16, 17, 31, 32, 33}) {
      float[] ones = new float[VectorMath.roundUp(columns)];
      java.util.Arrays.fill(ones, 0, columns, 1);
      assertThat(VectorMath.dot(ones, ones, columns)).isEqualTo(columns);
    }
  }
}
