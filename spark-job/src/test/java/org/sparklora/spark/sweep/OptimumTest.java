package org.sparklora.spark.sweep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class OptimumTest {
  private static final double ROUNDING = 1e-12;

  /** y = 2 (x + 3.2)² + 1 at −4, −3.5, −3, −2. */
  @Test
  void theVertexOfAParabolaIsFound() {
    double[] x = {-4, -3.5, -3, -2};
    double[] y = {2.28, 1.18, 1.08, 3.88};

    Optimum optimum = Optimum.of(x, y).orElseThrow();

    assertThat(optimum.at()).isCloseTo(-3.2, within(ROUNDING));
    assertThat(optimum.cost()).isCloseTo(1, within(ROUNDING));
    assertThat(optimum.isAtEdge()).isFalse();
  }

  @Test
  void theEdgeOfTheGridIsNoOptimum() {
    assertThat(Optimum.of(new double[] {1, 2, 3}, new double[] {1, 2, 3}).orElseThrow())
        .isEqualTo(new Optimum(1, 1, true));
    assertThat(Optimum.of(new double[] {1, 2, 3}, new double[] {3, 2, 1}).orElseThrow())
        .isEqualTo(new Optimum(3, 1, true));
    assertThat(Optimum.of(new double[] {1}, new double[] {3}).orElseThrow().isAtEdge()).isTrue();
  }

  @Test
  void besideADivergedTrialThePointItselfIsBest() {
    double[] costs = {3, 1, Double.POSITIVE_INFINITY};

    assertThat(Optimum.of(new double[] {1, 2, 3}, costs)).contains(new Optimum(2, 1, false));
  }

  @Test
  void whereAllDivergedThereIsNone() {
    double[] costs = {Double.POSITIVE_INFINITY, Double.NaN};

    assertThat(Optimum.of(new double[] {1, 2}, costs)).isEmpty();
  }

  @Test
  void equalCostsAreNoParabola() {
    assertThat(Optimum.of(new double[] {1, 2, 3}, new double[] {2, 2, 2}).orElseThrow().at())
        .isEqualTo(1);
    assertThat(Optimum.of(new double[] {1, 2, 3, 4}, new double[] {3, 2, 2, 3}).orElseThrow().at())
        .isEqualTo(2.5);
  }
}
