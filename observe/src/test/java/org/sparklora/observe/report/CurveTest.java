package org.sparklora.observe.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class CurveTest {
  @Test
  void meansAreOverStepsWhateverRowsThereAre() {
    Curve curve = new Curve(new double[] {1, 5, 10, 20, 21}, new double[] {4, 2, Double.NaN, 6, 8});

    assertThat(curve.runningMean(10)).containsExactly(4, 3, 3, 6, 7);
    assertThat(curve.runningMean(1)).containsExactly(4, 2, Double.NaN, 6, 8);
    assertThat(curve.lastMean(10)).isEqualTo(7);
    assertThat(curve.last()).isEqualTo(8);
    assertThat(curve.max()).isEqualTo(8);
  }

  @Test
  @Timeout(10)
  void theLastMeanOfManyRowsTakesOnePass() {
    double[] steps = IntStream.rangeClosed(1, 300_000).asDoubleStream().toArray();
    assertThat(new Curve(steps, steps).lastMean(300_001)).isEqualTo(150_000.5);
  }

  @Test
  void longRunsWithManyRowsAreSmoothed() {
    double[] steps = IntStream.rangeClosed(1, 500).asDoubleStream().toArray();
    assertThat(Curve.window(500)).isEqualTo(25);
    assertThat(Curve.window(60)).isEqualTo(10);
    assertThat(new Curve(steps, steps).isWorthSmoothing(25)).isTrue();
    assertThat(new Curve(new double[] {250, 500}, new double[] {1, 2}).isWorthSmoothing(25))
        .isFalse();
  }

  @Test
  void aCurveWithoutValuesHasNone() {
    Curve curve = new Curve(new double[] {1}, new double[] {Double.NaN});
    assertThat(curve.isEmpty()).isTrue();
    assertThat(curve.last()).isNaN();
    assertThat(curve.lastMean(10)).isNaN();
    assertThat(curve.max()).isNaN();
  }
}
