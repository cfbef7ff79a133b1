package org.sparklora.spark;

import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.model.WeightLayout;
import org.sparklora.pipeline.run.Progress;
import org.sparklora.spark.train.StepMetrics;
import org.sparklora.spark.train.TrainedModel;
import org.sparklora.spark.train.TrainerState;
import org.sparklora.spark.train.TrainingPlan;

/**
 * Follows a run: progress on the terminal, log rows as TRL prints them, and the {@link
 * TrainerState} for the end.
 */
final class TrainingReport implements AdapterTrainer.Listener {
  private static final Logger LOG = LoggerFactory.getLogger(TrainingReport.class);
  private static final double NANOS = 1e9;

  private final TrainerState state;
  private final Progress progress;
  private final boolean showProgress;
  private final int totalSteps;
  private final long started = System.nanoTime();
  private double seconds;

  private TrainingReport(TrainerState state, boolean showProgress, int totalSteps) {
    this.state = state;
    this.progress = Progress.start("sft", "tokens");
    this.showProgress = showProgress;
    this.totalSteps = totalSteps;
  }

  static TrainingReport start(SftConfig config, TrainingPlan plan, TrainedModel model) {
    int loggingSteps = config.output().loggingSteps(plan.totalSteps());
    TrainerState state =
        new TrainerState(
            plan,
            config.batch().rows(),
            new TrainerState.LogInterval(loggingSteps, config.output().logFirstStep()),
            computedParameters(model));
    return new TrainingReport(state, config.output().showProgress(), plan.totalSteps());
  }

  /** All parameters but the token embedding, and the adapter's. */
  private static long computedParameters(TrainedModel model) {
    WeightLayout weights = WeightLayout.of(model.config());
    long embedding = (long) model.config().vocabSize() * model.config().hiddenSize();
    return weights.size() - embedding + (model.lora().isPresent() ? model.layout().size() : 0);
  }

  @Override
  public void step(StepMetrics metrics, double epochAfter, double learningRate) {
    state.add(metrics, epochAfter, learningRate).ifPresent(TrainingReport::print);
    if (showProgress) {
      progress.show((metrics.step() + 1.0) / totalSteps, state.tokens());
    }
  }

  /** One row in the form that TRL prints. */
  private static void print(Map<String, Object> row) {
    StringBuilder text = new StringBuilder();
    for (String key :
        new String[] {
          "loss",
          "grad_norm",
          "learning_rate",
          "entropy",
          "mean_token_accuracy",
          "num_tokens",
          "epoch"
        }) {
      text.append(text.isEmpty() ? "{" : ", ")
          .append("'%s': '%.4g'".formatted(key, (Double) row.get(key)));
    }
    System.out.println(text.append('}'));
  }

  @Override
  public void averaged(int lastStep, double error) {
    LOG.info(
        "Averaging error after step {}: {} of the update's norm",
        lastStep,
        "%.3g".formatted(error));
  }

  TrainerState finish() {
    seconds = (System.nanoTime() - started) / NANOS;
    if (showProgress) {
      progress.done(state.tokens());
    }
    state.finish(seconds);
    return state;
  }

  double seconds() {
    return seconds;
  }
}
