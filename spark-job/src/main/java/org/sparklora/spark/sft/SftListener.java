package org.sparklora.spark.sft;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.pipeline.run.Progress;
import org.sparklora.spark.run.TrainingRun;
import org.sparklora.train.StepMetrics;
import org.sparklora.train.TrainerState;
import org.sparklora.train.step.RoundReport;
import org.sparklora.train.step.Synchronizer;

/**
 * Does a run's work between steps, in transformers' order: writes log rows, then evaluates, then
 * saves a checkpoint. Shows progress on the terminal.
 */
final class SftListener {
  private static final Logger LOG = LoggerFactory.getLogger(SftListener.class);

  private final SftConfig config;
  private final TrainingRun run;
  private final TrainerState state;
  private final TrainingRun.Evaluator evaluation;
  private final Synchronizer synchronizer;
  private final int totalSteps;
  private final Progress progress = Progress.start("sft", "tokens");
  private final Map<String, Number> measured = new LinkedHashMap<>(); // of the last round
  private int measuredUntil; // the last step of that round

  SftListener(
      SftConfig config,
      TrainingRun run,
      TrainingRun.Evaluator evaluation,
      Synchronizer synchronizer) {
    this.config = config;
    this.run = run;
    this.state = run.state();
    this.evaluation = evaluation;
    this.synchronizer = synchronizer;
    this.totalSteps = run.endStep();
    progress.goOnFrom((double) run.firstStep() / totalSteps, state.sums().tokens());
  }

  /**
   * A round is over; calls of {@link #step} for its steps follow.
   *
   * @param lastStep its last step, from 1
   * @param seconds that the round took
   */
  void round(int lastStep, double seconds, RoundReport round) {
    measuredUntil = lastStep;
    measured.clear();
    long tokens = round.steps().stream().mapToLong(StepMetrics::tokens).sum();
    measured.put("tokens_per_second", tokens / seconds);
    measured.putAll(round.use().metrics(seconds, 1));
    round
        .averagingError()
        .ifPresent(
            error -> {
              measured.put("averaging_error", error);
              LOG.info(
                  "Averaging error after step {}: {} of the update's norm",
                  lastStep,
                  String.format(Locale.ROOT, "%.3g", error));
            });
  }

  /** A step is done. */
  void step(StepMetrics step, double epochAfter) {
    run.sampleMemory();
    run.stepped(step.step() + 1, epochAfter);
    state
        .add(step, epochAfter, run.vectors().learningRate(step.step()))
        .ifPresent(row -> run.log(row, takeMeasured()));
    if (config.output().showProgress()) {
      progress.show((step.step() + 1.0) / totalSteps, state.sums().tokens());
    }
  }

  /**
   * The measurements of a round, to be logged once, with the first row that covers its last step.
   */
  private Map<String, Number> takeMeasured() {
    if (state.sums().steps() < measuredUntil) {
      return Map.of();
    }
    Map<String, Number> taken = new LinkedHashMap<>(measured);
    measured.clear();
    return taken;
  }

  /** The parameters are current: those after all steps so far, of every worker. */
  void settled() {
    run.evaluateWhenDue(evaluation, this::takeMeasured).ifPresent(this::compare);
    run.saveWhenDue(synchronizer::write);
  }

  private void compare(Map<String, Object> row) {
    config
        .evaluation()
        .best()
        .filter(best -> row.get(best.metric()) != null)
        .ifPresent(best -> state.compare((Double) row.get(best.metric()), best.greaterIsBetter()));
  }

  /** The last step is done. */
  void done() {
    if (config.output().showProgress()) {
      progress.done(state.sums().tokens());
    }
  }
}
