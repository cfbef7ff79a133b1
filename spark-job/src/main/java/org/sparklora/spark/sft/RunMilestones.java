package org.sparklora.spark.sft;

import java.io.IOException;
import java.util.Optional;
import org.sparklora.spark.dl4j.Evaluation;
import org.sparklora.spark.dl4j.RoundReport;
import org.sparklora.spark.run.Checkpoints;
import org.sparklora.spark.train.Cadence;
import org.sparklora.spark.train.StepMetrics;
import org.sparklora.spark.train.TrainingPlan;

/**
 * What a run does beside its steps, in transformers' order: log rows, then an evaluation, then a
 * checkpoint.
 */
final class RunMilestones implements AdapterTrainer.Listener {
  private final TrainingPlan plan;
  private final Cadence evaluating;
  private final boolean evaluatesOnStart;
  private final Cadence saving;
  private final TrainingReport report;
  private final Optional<Evaluation> evaluation;
  private final Checkpoints checkpoints;

  RunMilestones(
      SftConfig config,
      TrainingPlan plan,
      TrainingReport report,
      Optional<Evaluation> evaluation,
      Checkpoints checkpoints) {
    this.plan = plan;
    this.evaluating = config.evaluation().schedule().cadence(plan.totalSteps());
    this.evaluatesOnStart = config.evaluation().schedule().onStart();
    this.saving = config.checkpoints().cadence(plan.totalSteps());
    this.report = report;
    this.evaluation = evaluation;
    this.checkpoints = checkpoints;
  }

  /** Whether the parameters are asked for after so many steps. */
  boolean stops(int steps) {
    return evaluating.falls(steps, plan) || saving.falls(steps, plan);
  }

  /**
   * The run begins. {@code eval_on_start} is for the log alone, since nothing is trained that could
   * be the best.
   */
  void start() {
    if (evaluatesOnStart) {
      evaluation.ifPresent(report::evaluate);
    }
  }

  @Override
  public void step(StepMetrics metrics, double epochAfter, double learningRate) {
    report.step(metrics, epochAfter, learningRate);
  }

  @Override
  public void round(int lastStep, double seconds, RoundReport round) {
    report.round(lastStep, seconds, round);
  }

  @Override
  public void settled(int steps) throws IOException {
    if (evaluating.falls(steps, plan)) {
      evaluation.ifPresent(report::evaluateAndCompare);
    }
    if (saving.falls(steps, plan)) {
      checkpoints.save(report.state());
    }
  }
}
