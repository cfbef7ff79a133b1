package org.sparklora.sweep.finding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;

class BootstrapTest {
  private static final double[] VALUES = {1, 2, 6};

  private static final ToDoubleFunction<Draw> MEAN =
      draw -> Arrays.stream(draw.seeds()).mapToDouble(i -> VALUES[i]).average().orElseThrow();

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
        Bootstrap.of(5, draw -> Arrays.stream(draw.seeds()).average().orElseThrow());

    assertThat(interval.high() - interval.low()).isCloseTo(2 * 1.96 * 0.632, within(0.25));
  }

  @Test
  void theDrawsAreAlwaysTheSame() {
    ToDoubleFunction<Draw> statistic =
        draw -> draw.seeds()[0] * 10 + draw.seeds()[6] + draw.share("x") + draw.choice("y", 3);

    assertThat(Bootstrap.of(7, statistic)).isEqualTo(Bootstrap.of(7, statistic));
  }

  /** Of numbers spread evenly from 0 to 1 the middle 95 % reach from 0.025 to 0.975. */
  @Test
  void whatTheGridLeavesOpenIsInTheInterval() {
    Bootstrap.Interval share = Bootstrap.of(1, draw -> draw.share("x"));

    assertThat(share.low()).isCloseTo(0.025, within(0.01));
    assertThat(share.high()).isCloseTo(0.975, within(0.01));
    assertThat(Bootstrap.of(1, draw -> draw.choice("x", 3)))
        .isEqualTo(new Bootstrap.Interval(0, 2, 0));
  }

  @Test
  void whatHasOneNameIsOpenInOneWay() {
    assertThat(Bootstrap.of(1, draw -> draw.share("x") - draw.share("x")))
        .isEqualTo(new Bootstrap.Interval(0, 0, 0));
    // the difference of two that are spread evenly lies below 1 − √0.05 in 97.5 % of all draws
    assertThat(Bootstrap.of(1, draw -> draw.share("x") - draw.share("y")).high())
        .isCloseTo(0.776, within(0.02));
  }

  @Test
  void whatIsMeasuredMakesTheUsualChoice() {
    Draw measured = Draw.measured(3);

    assertThat(measured.seeds()).containsExactly(0, 1, 2);
    assertThat(measured.choice("x", 5)).isZero();
    assertThat(measured.share("x")).isEqualTo(0.5);
    assertThat(measured.share("x", 0)).isZero();
  }

  @Test
  void drawsWithoutANumberAreCounted() {
    Bootstrap.Interval interval = Bootstrap.of(2, draw -> draw.seeds()[0] == 0 ? Double.NaN : 5);

    assertThat(interval.undefined()).isCloseTo(0.5, within(0.05));
    assertThat(interval.low()).isEqualTo(5);
  }

  @Test
  void quantilesLieBetweenNeighbours() {
    assertThat(Bootstrap.quantile(new double[] {1, 2, 4}, 0.75)).isEqualTo(3);
    assertThat(Bootstrap.quantile(new double[0], 0.5)).isNaN();
  }
}
