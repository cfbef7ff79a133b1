package org.sparklora.spark.dl4j;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.GradientUpdater;
import org.nd4j.linalg.schedule.ISchedule;
import org.sparklora.model.engine.AdamW;

class TorchAdamWTest {
  /** Rates written out one by one. */
  private record Rates(double[] values) implements ISchedule {
    @Override
    public double valueAt(int iteration, int epoch) {
      return values[iteration];
    }

    @Override
    public ISchedule clone() {
      return this;
    }
  }

  @Test
  void aStepHasTheSchedulesRateAndIsCountedFromOne() {
    TorchAdamW adamW = new TorchAdamW(0.9, 0.99, 1e-8, 0.1, new Rates(new double[] {1, 0.5}));
    assertThat(adamW.step(1, 20, 0.25))
        .isEqualTo(new AdamW(2, 0.5, 0.9, 0.99, 1e-8, 0.1, 20, 0.25));
  }

  @Test
  void theFirstHalfOfTheStateIsTheFirstMomentsAndBothBeginAtZero() {
    INDArray state = Nd4j.createFromArray(1f, 2f, 3f, 4f);
    GradientUpdater<TorchAdamW> updater =
        new TorchAdamW(0.9, 0.999, 1e-8, 0, new Rates(new double[] {1})).instantiate(state, true);
    assertThat(state.sumNumber().doubleValue()).isZero();

    state.assign(Nd4j.createFromArray(1f, 2f, 3f, 4f));
    assertThat(updater.getState().get("M").toFloatVector()).containsExactly(1, 2);
    assertThat(updater.getState().get("V").toFloatVector()).containsExactly(3, 4);
  }

  @Test
  void equalSettingsAreEqualSoThatDl4jKeepsAllMomentsTogether() {
    Rates rates = new Rates(new double[] {1});
    assertThat(new TorchAdamW(0.9, 0.999, 1e-8, 0.1, rates))
        .isEqualTo(new TorchAdamW(0.9, 0.999, 1e-8, 0.1, rates))
        .isNotEqualTo(new TorchAdamW(0.9, 0.99, 1e-8, 0.1, rates))
        .isNotEqualTo(new TorchAdamW(0.9, 0.999, 1e-8, 0.2, rates));
  }
}
