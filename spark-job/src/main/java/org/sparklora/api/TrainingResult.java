package org.sparklora.api;

import org.sparklora.spark.run.TrainingRun;

/**
 * The result of a training run.
 *
 * @param folder {@code output_dir}: adapter or model, log ({@code trainer_state.json}), figures
 * @param steps optimizer steps, including those before a resume
 * @param tokens trained on
 * @param trainLoss mean loss of all steps
 * @param seconds of training, in this process
 * @param complete whether the run is over, so that results exist
 */
public record TrainingResult(
    String folder, int steps, long tokens, double trainLoss, double seconds, boolean complete) {
  static TrainingResult of(String folder, TrainingRun.Result result) {
    return new TrainingResult(
        folder,
        result.steps(),
        result.tokens(),
        result.trainLoss(),
        result.seconds(),
        result.complete());
  }
}
