package org.sparklora.spark.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Iterator;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class WarmUpTest {
  private static WarmUp.Result run(WarmUp warmUp, Double... seconds) {
    Iterator<Double> steps = Stream.concat(Stream.of(seconds), endless(seconds)).iterator();
    return warmUp.run(steps::next);
  }

  private static Stream<Double> endless(Double... seconds) {
    return DoubleStream.generate(() -> List.of(seconds).get(seconds.length - 1)).boxed();
  }

  @Test
  void endsAfterFourStepsThatGainNothing() {
    assertThat(run(new WarmUp(0, 1000), 9.5, 8.1, 6.5, 6.6, 5.5))
        .isEqualTo(new WarmUp.Result(9, 9.5 + 8.1 + 6.5 + 6.6 + 5 * 5.5, true));
  }

  @Test
  void gainsOfLessThanTwoPercentAreNone() {
    assertThat(run(new WarmUp(0, 1000), 1.0, 0.99, 0.985, 0.981, 0.98).repetitions()).isEqualTo(5);
    assertThat(run(new WarmUp(0, 1000), 1.0, 0.99, 0.979).repetitions()).isEqualTo(7);
  }

  @Test
  void shortStepsAreRepeatedForTheLeastTime() {
    assertThat(run(new WarmUp(5, 1000), 0.25).repetitions()).isEqualTo(20);
  }

  @Test
  void stepsThatStillGetFasterWhenTimeIsUpAreNotComplete() {
    assertThat(run(new WarmUp(5, 30), 16.0, 14.0, 12.0))
        .isEqualTo(new WarmUp.Result(2, 30.0, false));
  }
}
