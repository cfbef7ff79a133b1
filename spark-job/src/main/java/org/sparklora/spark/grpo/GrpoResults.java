package org.sparklora.spark.grpo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.sparklora.model.ParameterLayout;
import org.sparklora.model.checkpoint.CheckpointWriter;
import org.sparklora.model.kernels.Tensor;
import org.sparklora.model.lora.AdapterFile;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.spark.ModelFolder;
import org.sparklora.spark.train.TrainedModel;
import org.sparklora.spark.train.TrainerState;

/**
 * Writes what a run leaves, and its checkpoints: adapter or model, tokenizer, log and settings.
 *
 * @param parameters vector of {@code layout}, as it is when something is written
 */
record GrpoResults(
    GrpoConfig config, TrainedModel model, ParameterLayout layout, Tensor parameters) {

  void write(Path local, GrpoState state) throws IOException {
    Path base = model.checkpoint().folder();
    if (layout instanceof AdapterLayout adapter) {
      AdapterFile.write(local, adapter, parameters, config.model().name());
    } else {
      ModelFolder.write(local, base, layout, parameters);
    }
    CheckpointWriter.copyTokenizer(base, local);
    Files.writeString(local.resolve("grpo_config.yaml"), config.effectiveYaml());
    Files.writeString(local.resolve(TrainerState.FILE_NAME), state.toJson());
  }
}
