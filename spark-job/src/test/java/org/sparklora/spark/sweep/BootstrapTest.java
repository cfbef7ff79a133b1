package org.sparklora.spark.sweep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;

class BootstrapTest {
  private static final double[] VALUES = {1, 2, 6};

  private static final ToDoubleFunction<int[]> MEAN =
      drawn -> Arrays.stream(drawn).mapToDouble(i -> VALUES[i]).average().orElseThrow();

  /**
   * Of the 27 draws one is all 1 and one all 6: each has 3.7 % of the weight, more than the tail of
   * 2.5 %.
   */
  @Test
  void ofThreeSeedsTheIntervalReachesFromTheLeastToTheLargest() {
    Bootstrap.Interval interval = Bootstrap.of(3, MEAN);

    assertThat(interval.low()).isEqualTo(1);
    assertThat(interval.high()).isEqualTo(6);
    assertThat(interval.undefined()).isZero();
  }

  /**
   * Of the five seeds 0 to 4 the mean has the variance 2 / 5, and half the width of the interval is
   * about 1.96 deviations.
   */
  @Test
  void ofMoreSeedsItIsNarrower() {
    Bootstrap.Interval interval =
        Bootstrap.of(5, drawn -> Arrays.stream(drawn).average().orElseThrow());

    assertThat(interval.high() - interval.low()).isCloseTo(2 * 1.96 * 0.632, within(0.25));
  }

  @Test
  void theDrawsAreAlwaysTheSame() {
    assertThat(Bootstrap.of(7, drawn -> drawn[0] * 10 + drawn[6]))
        .isEqualTo(Bootstrap.of(7, drawn -> drawn[0] * 10 + drawn[6]));
  }

  @Test
  void drawsWithoutANumberAreCounted() {
    Bootstrap.Interval interval = Bootstrap.of(2, drawn -> drawn[0] == 0 ? Double.NaN : 5);

    assertThat(interval.undefined()).isCloseTo(0.5, within(0.05));
    assertThat(interval.low()).isEqualTo(5);
  }

  @Test
  void quantilesLieBetweenNeighbours() {
    assertThat(Bootstrap.quantile(new double[] {1, 2, 4}, 0.75)).isEqualTo(3);
    assertThat(Bootstrap.quantile(new double[0], 0.5)).isNaN();
  }
}
