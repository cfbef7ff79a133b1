package org.sparklora.spark.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.sparklora.model.ParameterLayout;
import org.sparklora.model.checkpoint.CheckpointFolder;
import org.sparklora.model.checkpoint.CheckpointWriter;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.lora.AdapterBase;
import org.sparklora.model.lora.AdapterFile;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.observe.report.RunFigure;
import org.sparklora.prep.PrepConfig;
import org.sparklora.train.TrainedModel;
import org.sparklora.train.TrainerState;
import org.sparklora.train.step.TrainedVectors;

/**
 * Writes the results of a run: adapter or model, tokenizer, model card, log, curves and effective
 * settings.
 *
 * @param vectors whose current parameters are written
 * @param state the log so far
 * @param workers number of workers
 * @param text chat template and end token in place of the base model's
 */
record ResultFolder(
    TrainingConfig config,
    TrainedModel model,
    TrainedVectors vectors,
    TrainerState state,
    int workers,
    PrepConfig.GivenText text) {

  /** The parameters in the model's layout, to read and write until the next step. */
  Tensor parameters() {
    return Engines.host().alias(vectors.parameters(), vectors.size()).tensor();
  }

  /** Writes all results into a local folder, and the best checkpoint into its log. */
  void write(Path local, Optional<String> bestCheckpoint) throws IOException {
    Files.writeString(local.resolve(TrainerState.FILE_NAME), state.toJson(bestCheckpoint));
    Path plot = local.resolve(config.method().plot);
    String name = config.output().runName();
    switch (config.method()) {
      case SFT -> RunFigure.writeLoss(plot, name, state.history());
      case GRPO -> RunFigure.writeReward(plot, name, state.history());
    }
    writeModel(local);
  }

  /** Writes the files of an adapter or a model, which checkpoints hold as well. */
  void writeModel(Path local) throws IOException {
    Path base = model.checkpoint().folder();
    ParameterLayout layout = model.layout();
    String name = config.model().name();
    if (layout instanceof AdapterLayout adapter) {
      AdapterFile.write(local, adapter, parameters(), AdapterBase.of(name, base));
    } else { // float32 weights, as they were trained, with the configuration of the base model
      try (CheckpointFolder checkpoint = CheckpointFolder.open(base)) {
        CheckpointWriter.write(
            local, checkpoint.configJson(), DType.FLOAT32, layout.tensors(parameters()));
      }
      CheckpointWriter.copyGenerationConfig(base, local);
    }
    CheckpointWriter.copyTokenizer(base, local);
    text.save(local);
    Files.writeString(local.resolve(config.method().settings), config.training().effectiveYaml());
    Map<String, String> facts = new LinkedHashMap<>(config.facts(state));
    facts.put("workers", Integer.toString(workers));
    new ModelCard(name, config.output().runName(), layout, config.dataset(), config.method(), facts)
        .write(local);
  }
}
