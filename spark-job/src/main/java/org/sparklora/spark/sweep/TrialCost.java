package org.sparklora.spark.sweep;

import java.io.IOException;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.observe.estimate.MachineMemory;
import org.sparklora.observe.estimate.PlannedRun;
import org.sparklora.observe.estimate.TrainingCompute;
import org.sparklora.pipeline.model.ModelOutline;
import org.sparklora.spark.grpo.GrpoConfig;
import org.sparklora.spark.grpo.GrpoRegret;
import org.sparklora.spark.run.InitialParameters;
import org.sparklora.spark.run.TrainingConfig;
import org.sparklora.spark.sft.SftConfig;
import org.sparklora.spark.sft.SftRegret;
import org.sparklora.sweep.Trial;
import org.sparklora.train.TrainedModel;

/**
 * Upper bound of a trial's cost, from its settings and its checkpoint's headers; rows need not be
 * full. Full fine-tuning takes six floating-point operations per token and element of a matrix that
 * multiplies it, with experts of those it passes through; an adapter takes the share of {@link
 * TrainingCompute}, generation two more. Attention and evaluations are not counted.
 *
 * @param steps number of steps; 0 if unknown before the table is made
 * @param tokens number of tokens trained on
 */
record TrialCost(long steps, double tokens, double flops) {
  private static final double FULL = 6;
  private static final double FORWARD = 2;

  static TrialCost of(Configuration hadoop, Trial trial) throws IOException {
    TrainingConfig config = TrialTables.config(trial);
    try (ModelOutline outline = config.model().reference().outline(hadoop)) {
      TrainedModel model =
          InitialParameters.outlined(
              config.model(), config.training().lora(), outline.source(), Optional.empty());
      return of(planned(hadoop, config, model), config instanceof GrpoConfig);
    }
  }

  private static PlannedRun planned(Configuration hadoop, TrainingConfig config, TrainedModel model)
      throws IOException {
    return config instanceof GrpoConfig grpo
        ? GrpoRegret.of(grpo, hadoop).planned(model)
        : SftRegret.of((SftConfig) config, model, hadoop, MachineMemory.here()).planned();
  }

  static TrialCost of(PlannedRun run, boolean generates) {
    DecoderConfig model = run.model();
    long steps = run.steps().orElse(0);
    double row =
        run.data()
            .map(data -> Math.min(run.batch().maxRowTokens(), data.longestRow()))
            .orElse(run.batch().maxRowTokens());
    double tokens = steps * (double) run.batch().rowsPerStep() * row;
    double elements = model.activeElements() + (double) model.vocabSize() * model.hiddenSize();
    double share =
        run.adapter()
            .map(adapter -> TrainingCompute.relativeToFullFineTuning(adapter, model))
            .orElse(1.0);
    double operations = FULL * share + (generates ? FORWARD : 0);
    return new TrialCost(steps, tokens, operations * elements * tokens);
  }

  TrialCost plus(TrialCost other) {
    return new TrialCost(steps + other.steps, tokens + other.tokens, flops + other.flops);
  }
}
