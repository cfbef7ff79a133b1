package org.sparklora.model.engine.vector;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LaneSumsTest {
  static {
    assertThat(VectorProvider.loadsModule()).isTrue(); // as engine do, before their first vector
  }

  private static final int LANES = VectorMath.LANES;

  @Test
  void everyVectorHasItsOwnSumInItsPlace() {
    float[] lanes = new float[LaneSums.VECTORS * LANES];
    float[] expected = new float[LaneSums.VECTORS];
    for (int v = 0; v < LaneSums.VECTORS; v++) {
      for (int lane = 0; lane < LANES; lane++) {
        lanes[v * LANES + lane] = 1000 * v + lane * lane; // whole numbers: no sum is rounded
        expected[v] += 1000 * v + lane * lane;
      }
    }

    LaneSums.sum(lanes);

    assertThat(Arrays.copyOf(lanes, LaneSums.VECTORS)).isEqualTo(expected);
  }

  /** A row's result must not depend on its place among others. */
  @Test
  void aSumIsTheSameToTheBitInEveryPlace() {
    Random random = new Random(7);
    float[] vector = new float[LANES];
    for (int lane = 0; lane < LANES; lane++) {
      vector[lane] = (float) random.nextGaussian();
    }
    float[] lanes = new float[LaneSums.VECTORS * LANES];
    for (int v = 0; v < LaneSums.VECTORS; v++) {
      System.arraycopy(vector, 0, lanes, v * LANES, LANES);
    }

    LaneSums.sum(lanes);

    float[] expected = new float[LaneSums.VECTORS];
    Arrays.fill(expected, lanes[0]);
    assertThat(Arrays.copyOf(lanes, LaneSums.VECTORS)).isEqualTo(expected);
  }
}
