package org.sparklora.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.sparklora.train.Cadence.Unit;

class CadenceTest {
  /** Ten rows, two epochs of five steps. */
  private static final TrainingPlan PLAN =
      new TrainingPlan(10, 2, 1, 1, 2, 0, RowOrder.SEQUENTIAL, 0);

  private static List<Integer> steps(Cadence cadence) {
    return IntStream.rangeClosed(1, PLAN.totalSteps())
        .filter(step -> cadence.falls(step, PLAN))
        .boxed()
        .toList();
  }

  @Test
  void everySoManyStepsAndAtTheEnd() {
    assertThat(steps(Cadence.of(Unit.STEPS, 4, 0, 10))).containsExactly(4, 8, 10);
    assertThat(steps(Cadence.of(Unit.STEPS, 500, 0, 10))).containsExactly(10);
  }

  @Test
  void withoutAnIntervalAtTheEndAlone() {
    assertThat(steps(Cadence.of(Unit.STEPS, 0, 0, 10))).containsExactly(10);
  }

  @Test
  void aShareOfAllStepsIsRoundedUp() {
    assertThat(steps(Cadence.of(Unit.STEPS, 0.25, 0, 10))).containsExactly(3, 6, 9, 10);
  }

  @Test
  void atTheEndOfEpochs() {
    assertThat(steps(Cadence.of(Unit.EPOCH, 500, 0, 10))).containsExactly(5, 10);
    assertThat(steps(Cadence.of(Unit.NO, 1, 0, 10))).isEmpty();
  }

  @Test
  void notBeforeTheDelay() {
    assertThat(steps(Cadence.of(Unit.STEPS, 2, 5, 10))).containsExactly(6, 8, 10);
    assertThat(steps(Cadence.of(Unit.EPOCH, 500, 1.5, 10))).containsExactly(10);
  }

  /** Three steps of 4, 4 and 2 rows an epoch; the fifth of 1.5 epochs ends at epoch 1.8. */
  @Test
  void theDelayIsComparedWithTheEpochThatTheLogHas() {
    TrainingPlan plan = new TrainingPlan(10, 1, 4, 1, 1.5, 0, RowOrder.SEQUENTIAL, 0);
    assertThat(plan.epochAfter(5)).isEqualTo(plan.steps(4, 5).get(0).epochAfter()).isEqualTo(1.8);
    assertThat(Cadence.of(Unit.EPOCH, 500, 1.75, 5).falls(5, plan)).isTrue();
    assertThat(Cadence.of(Unit.EPOCH, 500, 1.85, 5).falls(5, plan)).isFalse();
  }
}
