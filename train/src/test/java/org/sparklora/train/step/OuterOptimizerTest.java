package org.sparklora.train.step;

import static org.assertj.core.api.Assertions.assertThat;

import org.bytedeco.javacpp.FloatPointer;
import org.junit.jupiter.api.Test;
import org.sparklora.train.vector.FlatVector;

/** Steps of {@code torch.optim.SGD(nesterov=True)}, by hand. */
class OuterOptimizerTest {
  @Test
  void nesterovLooksAheadAlongItsMomentum() {
    try (OuterOptimizer outer = new OuterOptimizer(new OuterOptimizer.Settings(0.5, 0.5), 2)) {
      // m = c = 2, 0.5 · (2 + 0.5 · 2) = 1.5
      assertThat(step(outer, 2, -4)).containsExactly(1.5f, -3);
      // m = 0.5 · 2 + 1 = 2, 0.5 · (1 + 0.5 · 2) = 1
      assertThat(step(outer, 1, 0)).containsExactly(1, -0.5f);
    }
  }

  @Test
  void rateOneWithoutMomentumIsTheMeanItself() {
    try (OuterOptimizer outer = new OuterOptimizer(OuterOptimizer.Settings.AVERAGE, 2)) {
      assertThat(step(outer, 0.1f, 3)).containsExactly(0.1f, 3);
      assertThat(step(outer, 0.2f, -3)).containsExactly(0.2f, -3);
    }
  }

  private static float[] step(OuterOptimizer outer, float... change) {
    try (FlatVector vector = new FlatVector(change.length)) {
      new FloatPointer(vector.pointer()).put(change);
      outer.step(vector);
      float[] update = new float[change.length];
      new FloatPointer(vector.pointer()).get(update);
      return update;
    }
  }
}
