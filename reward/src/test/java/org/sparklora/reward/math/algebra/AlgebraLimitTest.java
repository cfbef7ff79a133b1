package org.sparklora.reward.math.algebra;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.sparklora.reward.math.number.AlgebraLimit;

class AlgebraLimitTest {
  private static final long GUARD_NANOS = 1_000;

  @Test
  void stepsEndAVerdictWhateverTheClockSays() {
    AlgebraLimit budget = new AlgebraLimit(GUARD_NANOS, () -> 0);
    budget.step(AlgebraLimit.STEPS);
    assertThat(budget.isSpent()).isFalse();
    assertThatThrownBy(budget::step).isInstanceOf(AlgebraLimit.Exceeded.class);
    assertThat(budget.isSpent()).isTrue();
  }

  @Test
  void theGuardEndsWhatStepsMissAndSaysSo() {
    AtomicLong nanos = new AtomicLong(5);
    AlgebraLimit budget = new AlgebraLimit(GUARD_NANOS, nanos::get);
    budget.step(2_000);
    nanos.addAndGet(GUARD_NANOS);
    budget.step(2_000);
    nanos.incrementAndGet();
    assertThatThrownBy(() -> budget.step(2_000)).isInstanceOf(AlgebraLimit.OutOfTime.class);
    assertThat(budget.isSpent()).isFalse();
  }

  /** Nothing that tries another way when steps run out may go on when the guard ends a verdict. */
  @Test
  void noAttemptOutlivesTheGuard() {
    AtomicLong nanos = new AtomicLong();
    AlgebraLimit budget = new AlgebraLimit(GUARD_NANOS, () -> nanos.getAndAdd(GUARD_NANOS + 1));
    budget.step(2_000);
    assertThatThrownBy(
            () ->
                SamplePoints.attempt(
                    budget, () -> Evaluator.constant(Expr.Num.of(2), tired(budget))))
        .isInstanceOf(AlgebraLimit.OutOfTime.class);
  }

  private static AlgebraLimit tired(AlgebraLimit budget) {
    budget.step(2_000);
    return budget;
  }
}
