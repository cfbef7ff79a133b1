package org.sparklora.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.sparklora.pipeline.config.ConfigException;

class TrainingPlanTest {

  private static TrainingPlan plan(
      int rows, int batch, int accumulation, int workers, double epochs, int maxSteps) {
    return new TrainingPlan(
        rows, batch, accumulation, workers, epochs, maxSteps, RowOrder.SEQUENTIAL, 42);
  }

  @Test
  void lastStepOfAnEpochMakesDoWithWhatIsLeft() {
    TrainingPlan plan = plan(10, 1, 4, 1, 2, -1);

    assertThat(plan.totalSteps()).isEqualTo(6);
    List<TrainingPlan.Step> steps = plan.steps(0, 6);
    assertThat(steps.get(2).microBatches().get(0)).containsExactly(new int[] {8}, new int[] {9});
    assertThat(steps.get(3).microBatches().get(0)).hasSize(4);
    assertThat(steps)
        .extracting(TrainingPlan.Step::epochAfter)
        .containsExactly(0.4, 0.8, 1.0, 1.4, 1.8, 2.0);
  }

  @Test
  void stepsCanBeAskedForFromTheMiddleOfAnEpoch() {
    TrainingPlan plan = plan(10, 1, 4, 1, 2, -1);

    assertThat(plan.steps(4, 5).get(0).microBatches().get(0).get(0)).containsExactly(4);
    assertThat(plan.steps(5, 99)).hasSize(1);
  }

  @Test
  void maxStepsWinsOverEpochs() {
    assertThat(plan(10, 1, 4, 1, 2, 7).totalSteps()).isEqualTo(7);
    assertThat(plan(10, 1, 4, 1, 2, 7).epochs()).isEqualTo(3);
  }

  @Test
  void fractionsOfEpochsAreRoundedUpToSteps() {
    assertThat(plan(10, 1, 4, 1, 0.5, -1).totalSteps()).isEqualTo(2);
  }

  @Test
  void workersTakeMicroBatchesInTurns() {
    TrainingPlan.Step step = plan(10, 2, 1, 2, 1, -1).steps(0, 1).get(0);

    assertThat(step.microBatches().get(0)).containsExactly(new int[] {0, 1});
    assertThat(step.microBatches().get(1)).containsExactly(new int[] {2, 3});
  }

  @Test
  void workersWithoutRowsStayIdleInTheLastStep() {
    List<TrainingPlan.Step> steps = plan(10, 2, 1, 2, 1, -1).steps(0, 9);

    assertThat(steps).hasSize(3);
    assertThat(steps.get(2).microBatches().get(0)).containsExactly(new int[] {8, 9});
    assertThat(steps.get(2).microBatches().get(1)).isEmpty();
  }

  @Test
  void microBatchesMayBeLargerThanTheDataset() {
    TrainingPlan.Step step = plan(3, 2_000_000_000, 1, 4, 1, -1).steps(0, 1).get(0);

    assertThat(step.microBatches().get(0)).containsExactly(new int[] {0, 1, 2});
    assertThat(step.microBatches().subList(1, 4)).allMatch(List::isEmpty);
  }

  @Test
  void refusesAnEmptyDataset() {
    assertThatThrownBy(() -> plan(0, 1, 1, 1, 1, -1)).hasMessageContaining("0 rows");
  }

  /** A run that is to go on until it is stopped: 8 micro-batches a step, 800 an epoch. */
  @Test
  void moreMicroBatchesThanCanBeCountedAreRefused() {
    TrainingPlan plan = plan(800, 1, 8, 1, 3, 1_000_000_000);

    assertThat(plan.microStepsBefore(250_000_003)).isEqualTo(2_000_000_024);
    assertThatThrownBy(() -> plan.microStepsBefore(plan.totalSteps()))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("gradient_accumulation_steps = 8: 1000000000 steps then have 8")
        .hasMessageContaining("lower --max_steps or --num_train_epochs");
  }

  @Test
  void moreStepsThanCanBeCountedAreRefused() {
    assertThatThrownBy(() -> new TrainingPlan(10, 1, 1, 1, 1e30, -1, RowOrder.SEQUENTIAL, 0))
        .hasMessageContaining("num_train_epochs = 1.0E30")
        .hasMessageContaining("steps");
  }
}
