package org.sparklora.sweep.finding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class OptimumTest {
  private static final double ROUNDING = 1e-12;

  private static Optional<Optimum> optimum(double[] grid, double[] costs) {
    return Optimum.readings(grid, costs).stream().findFirst();
  }

  /** y = 2 (x + 3.2)² + 1 at −4, −3.5, −3, −2. */
  @Test
  void theVertexOfAParabolaIsFound() {
    double[] x = {-4, -3.5, -3, -2};
    double[] y = {2.28, 1.18, 1.08, 3.88};

    Optimum optimum = optimum(x, y).orElseThrow();

    assertThat(optimum.at()).isCloseTo(-3.2, within(ROUNDING));
    assertThat(optimum.cost()).isCloseTo(1, within(ROUNDING));
    assertThat(optimum.isAtEdge()).isFalse();
  }

  /**
   * y = x³ − 12 x, which is lowest at 2, at 0, 1, 2.5 and 3; the parabola of the last three is not.
   */
  @Test
  void aFourthPointTellsHowFarTheParabolaErrs() {
    double[] x = {0, 1, 2.5, 3};
    double[] y = {0, -11, -14.375, -9};

    List<Optimum> readings = Optimum.readings(x, y);

    assertThat(readings).hasSize(2);
    // slopes −2.25 and 10.75, curvature 13 / 2: 1.75 + 2.25 / 13
    assertThat(readings.get(0).at()).isCloseTo(1.75 + 2.25 / 13, within(ROUNDING));
    assertThat(readings.get(1).at()).isCloseTo(2, within(ROUNDING));
    assertThat(readings.get(1).cost()).isCloseTo(-16, within(ROUNDING));
  }

  /** The same curve turned round has its fourth point on the right. */
  @Test
  void aPointOnTheRightTellsItAsWell() {
    double[] x = {-3, -2.5, -1, 0};
    double[] y = {-9, -14.375, -11, 0};

    List<Optimum> readings = Optimum.readings(x, y);

    assertThat(readings).hasSize(2);
    assertThat(readings.get(1).at()).isCloseTo(-2, within(ROUNDING));
    assertThat(readings.get(1).cost()).isCloseTo(-16, within(ROUNDING));
  }

  @Test
  void ofAParabolaAllReadingsAreTheSame() {
    double[] x = {-2, -1, 0, 1, 2};
    double[] y = {6.25, 2.25, 0.25, 0.25, 2.25}; // (x − 0.5)², of which two points are lowest

    assertThat(Optimum.readings(x, y))
        .hasSize(3)
        .allSatisfy(
            reading -> {
              assertThat(reading.at()).isCloseTo(0.5, within(ROUNDING));
              assertThat(reading.cost()).isCloseTo(0, within(ROUNDING));
            });
  }

  /** Beyond the best point a wall of 100, which counts as 4 · 0.4: slopes −0.1 and 1.6. */
  @Test
  void aWallCountsAsSteepAsTheOtherSideIsHigh() {
    double[] x = {1, 2, 3, 4};
    double[] y = {2.4, 2.1, 2.0, 100};

    Optimum parabola = Optimum.readings(x, y).get(0);

    assertThat(parabola).isEqualTo(Optimum.readings(x, new double[] {2.4, 2.1, 2.0, 3.6}).get(0));
    // 2.5 + 0.1 / 1.7
    assertThat(parabola.at()).isCloseTo(2.5 + 0.1 / 1.7, within(ROUNDING));
  }

  @Test
  void threePointsHaveOneReading() {
    assertThat(Optimum.readings(new double[] {1, 2, 3}, new double[] {2, 1, 3})).hasSize(1);
    double[] costs = {2, 1, 3, Double.POSITIVE_INFINITY};
    assertThat(Optimum.readings(new double[] {1, 2, 3, 4}, costs)).hasSize(1);
  }

  @Test
  void theEdgeOfTheGridIsNoOptimum() {
    assertThat(optimum(new double[] {1, 2, 3}, new double[] {1, 2, 3}).orElseThrow())
        .isEqualTo(new Optimum(1, 1, true));
    assertThat(optimum(new double[] {1, 2, 3}, new double[] {3, 2, 1}).orElseThrow())
        .isEqualTo(new Optimum(3, 1, true));
    assertThat(optimum(new double[] {1}, new double[] {3}).orElseThrow().isAtEdge()).isTrue();
  }

  @Test
  void besideADivergedTrialThePointItselfIsBest() {
    double[] costs = {3, 1, Double.POSITIVE_INFINITY};

    assertThat(optimum(new double[] {1, 2, 3}, costs)).contains(new Optimum(2, 1, false));
  }

  @Test
  void whereAllDivergedThereIsNone() {
    double[] costs = {Double.POSITIVE_INFINITY, Double.NaN};

    assertThat(optimum(new double[] {1, 2}, costs)).isEmpty();
  }

  @Test
  void equalCostsAreNoParabola() {
    assertThat(optimum(new double[] {1, 2, 3}, new double[] {2, 2, 2}).orElseThrow().at())
        .isEqualTo(1);
    assertThat(optimum(new double[] {1, 2, 3, 4}, new double[] {3, 2, 2, 3}).orElseThrow().at())
        .isEqualTo(2.5);
  }
}
