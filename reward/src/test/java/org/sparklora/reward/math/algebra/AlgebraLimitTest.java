package org.sparklora.reward.math.algebra;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class AlgebraLimitTest {
  private static final long GUARD_NANOS = 1_000;

  @Test
  void stepsEndAVerdictWhateverTheClockSays() {
    AlgebraLimit budget = AlgebraLimit.of(GUARD_NANOS, () -> 0);
    budget.step(AlgebraLimit.STEPS);
    assertThat(budget.isSpent()).isFalse();
    assertThatThrownBy(budget::step).isInstanceOf(AlgebraLimit.Exceeded.class);
    assertThat(budget.isSpent()).isTrue();
  }

  @Test
  void theGuardEndsWhatStepsMissAndSaysSo() {
    AtomicLong nanos = new AtomicLong(5);
    AlgebraLimit budget = AlgebraLimit.of(GUARD_NANOS, nanos::get);
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
    AlgebraLimit budget = AlgebraLimit.of(GUARD_NANOS, () -> nanos.getAndAdd(GUARD_NANOS + 1));
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

  @Test
  void constantsHaveTheSameDigitsWhateverWasAskedForBefore() {
    for (PreciseConstants constant : PreciseConstants.values()) {
      BigDecimal first = constant.to(150);
      constant.to(700);
      assertThat(constant.to(150)).isEqualTo(first);
      assertThat(constant.to(699)).isEqualTo(constant.to(700).setScale(699, RoundingMode.DOWN));
    }
  }

  @Test
  void rootsAreThoseOfTheLibrary() {
    Random random = new Random(3);
    MathContext context = new MathContext(64, RoundingMode.HALF_EVEN);
    for (int bits = 1; bits < 700; bits++) {
      BigInteger n = new BigInteger(bits, random).setBit(bits - 1);
      assertThat(WholeRoots.floorSqrt(n)).isEqualTo(n.sqrt());
      BigDecimal x = new BigDecimal(n, random.nextInt(900) - 450);
      assertThat(WholeRoots.sqrt(x, context)).isEqualByComparingTo(x.sqrt(context));
      BigDecimal square = x.multiply(x);
      assertThat(WholeRoots.sqrt(square, new MathContext(bits + 8))).isEqualByComparingTo(x);
    }
  }
}
