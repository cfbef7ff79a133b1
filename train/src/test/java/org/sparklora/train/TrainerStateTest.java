package org.sparklora.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The last row of a log, by hand. */
class TrainerStateTest {
  private static final Cadence NEVER = new Cadence(Cadence.Unit.NO, 1, 0);
  private static final EvalMetrics EVALUATION = new EvalMetrics(Map.of("loss", 1.0), 1, 1);

  /** A log with a row for every second step. */
  private final TrainerState log =
      new TrainerState(
          new TrainingPlan(9, 1, 1, 1, 1, 0, RowOrder.SEQUENTIAL, 0),
          new TrainerState.Settings(
              1, new TrainerState.LogInterval(2, false), NEVER, NEVER, 0, true, false));

  /** Adds steps of two micro-batches and 10 tokens, whose entropy is the step's number. */
  private void take(int from, int to) {
    for (int step = from; step <= to; step++) {
      double entropySum = 2.0 * step;
      log.add(
          new StepMetrics(step - 1, 1, 1, 10, 10, 2, entropySum, 1, 0, 0, 0, Map.of()), step, 0);
    }
  }

  @Test
  void lastRowHasTheMeansOfStepsThatNoRowCovers() {
    take(1, 3);
    assertThat(log.finish(1, 3, Map.of()))
        .containsEntry("entropy", 3.0)
        .containsEntry("mean_token_accuracy", 0.5)
        .containsEntry("num_tokens", 30.0)
        .containsKey("train_loss")
        .doesNotContainKeys("loss", "grad_norm", "learning_rate");
  }

  @Test
  void lastRowHasNoMeansAfterALogRow() {
    take(1, 2);
    assertThat(log.finish(1, 2, Map.of())).doesNotContainKeys("entropy", "num_tokens");
  }

  /** TRL's means are then those of the evaluation, of which none are left. */
  @Test
  void lastRowHasNoMeansAfterAnEvaluationOfTheLastStep() {
    take(1, 1);
    log.evaluated(EVALUATION, 1);
    assertThat(log.finish(1, 1, Map.of())).doesNotContainKeys("entropy", "num_tokens");
  }

  @Test
  void lastRowHasMeansAfterAnEvaluationOfAnEarlierStep() {
    take(1, 2);
    log.evaluated(EVALUATION, 1);
    take(3, 3);
    assertThat(log.finish(1, 3, Map.of())).containsEntry("entropy", 3.0);
  }

  /** Four micro-batches of an epoch's first step and one of its last, as TRL averages them. */
  @Test
  void theRoutersLossIsAMeanOverMicroBatches() {
    log.add(new StepMetrics(0, 1, 1, 10, 10, 4, 0, 0, 8, 0.1, 0, Map.of()), 1, 0);

    assertThat(log.add(new StepMetrics(1, 1, 1, 10, 10, 1, 0, 0, 7, 0.1, 0, Map.of()), 2, 0))
        .hasValueSatisfying(row -> assertThat(row).containsEntry("aux_loss", 3.0));
  }

  @Test
  void lastRowOfAPolicyHasRewardsThatNoRowCovers() {
    log.drawn(Map.of("reward", 0.5), 20, 1);
    log.add(new PolicyMetrics(0, 1, 1, List.of(Map.of("kl", Double.NaN))), 1, 0, 2);
    assertThat(log.finish(1, 1, Map.of()))
        .containsEntry("reward", 0.5)
        .containsEntry("step_time", 2.0)
        .containsEntry("kl", null)
        .containsEntry("num_tokens", 20.0)
        .doesNotContainKeys("entropy", "loss");
  }

  /** The search of transformers for the best metric begins at infinity. */
  @Test
  void aMetricThatIsInfiniteOrNotANumberIsNeverTheBest() {
    log.compare(Double.POSITIVE_INFINITY, false);
    log.compare(Double.NaN, false);
    assertThat(log.best().metric()).isNaN();
    log.compare(3, false);
    log.compare(4, false);
    assertThat(log.best().metric()).isEqualTo(3);
  }

  /** Operations of a step of 10 tokens, 16 with the padding of its rows, on 5 parameters. */
  private static double operations(boolean padsRows) {
    TrainerState counted =
        new TrainerState(
            new TrainingPlan(9, 1, 1, 1, 1, 0, RowOrder.SEQUENTIAL, 0),
            new TrainerState.Settings(
                1, new TrainerState.LogInterval(2, false), NEVER, NEVER, 5, padsRows, false));
    counted.add(new StepMetrics(0, 1, 1, 10, 16, 2, 0, 1, 0, 0, 0, Map.of()), 1, 0);
    return counted.sums().totalFlops();
  }

  @Test
  void paddingIsComputedOnOnlyWhereTrlPads() {
    assertThat(operations(true)).isEqualTo(6.0 * 5 * 16);
    assertThat(operations(false)).isEqualTo(6.0 * 5 * 10);
  }

  /** The log adds them again where the row is written again. */
  @Test
  void summaryOfTheLastRowHasNoAlerts() {
    Map<String, Object> row = Map.of("step", 9, "train_runtime", 1.0, "run_id", "a", "alerts", "b");
    assertThat(TrainerState.summary(row, 9)).contains(Map.of("step", 9, "train_runtime", 1.0));
  }

  /** A run that is over at a checkpoint of a longer one. */
  @Test
  void lastRowOfARunOfAnotherLengthIsNoSummary() {
    assertThat(TrainerState.summary(Map.of("step", 20, "train_runtime", 1.0), 9)).isEmpty();
  }

  /** The steps are a label only; TRL writes NaN as a literal. */
  @Test
  void stepsAreReadFromTrlsFilesAndAreZeroInDamagedOnes() {
    assertThat(
            TrainerState.steps(
                "{\"log_history\": [{\"grad_norm\": NaN}, {\"loss\": -Infinity}], \"global_step\": 7}"))
        .isEqualTo(7);
    assertThat(TrainerState.steps("{\"global_step\": 7")).isZero();
  }
}
