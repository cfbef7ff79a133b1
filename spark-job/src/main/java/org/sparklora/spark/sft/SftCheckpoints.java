package org.sparklora.spark.sft;

import java.io.IOException;
import java.nio.file.Path;
import org.sparklora.model.engine.Tensor;
import org.sparklora.spark.run.CheckpointConfig;
import org.sparklora.spark.run.CheckpointedRun;
import org.sparklora.spark.train.TrainedModel;
import org.sparklora.spark.train.TrainerState;

/** What checkpoints of {@code sft} hold. */
record SftCheckpoints(SftConfig config, TrainedModel model, Tensor parameters)
    implements CheckpointedRun {

  @Override
  public CheckpointConfig checkpoints() {
    return config.checkpoints();
  }

  @Override
  public String outputFolder() {
    return config.output().folder();
  }

  @Override
  public boolean loadsBest() {
    return config.evaluation().best().filter(EvalConfig.Best::load).isPresent();
  }

  @Override
  public void writeModel(Path local, TrainerState state) throws IOException {
    ResultFolder.writeModel(local, config, model, parameters, state);
  }

  @Override
  public void restore(Path local) {
    // parameters, moments and log are all there is
  }
}
