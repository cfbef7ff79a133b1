package org.sparklora.spark.sft;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.sparklora.model.ParameterLayout;
import org.sparklora.model.checkpoint.CheckpointWriter;
import org.sparklora.model.engine.Tensor;
import org.sparklora.model.lora.AdapterBase;
import org.sparklora.model.lora.AdapterFile;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.spark.report.RunFigure;
import org.sparklora.spark.run.ModelCard;
import org.sparklora.spark.run.ModelFolder;
import org.sparklora.spark.train.TrainedModel;
import org.sparklora.spark.train.TrainerState;

/**
 * Writes what a run leaves: adapter or model, tokenizer, model card, log, loss plot and effective
 * settings.
 */
final class ResultFolder {
  private ResultFolder() {}

  /**
   * Writes all results into a local folder.
   *
   * @param bestCheckpoint for {@code trainer_state.json}
   */
  static void write(
      Path local,
      SftConfig config,
      TrainedModel model,
      Tensor parameters,
      TrainerState state,
      Optional<String> bestCheckpoint)
      throws IOException {
    Files.writeString(local.resolve(TrainerState.FILE_NAME), state.toJson(bestCheckpoint));
    RunFigure.writeLoss(
        local.resolve(ModelCard.Method.SFT.plot()), config.output().runName(), state.history());
    writeModel(local, config, model, parameters, state);
  }

  /** Writes what makes a folder an adapter or a model, which checkpoints hold as well. */
  static void writeModel(
      Path local, SftConfig config, TrainedModel model, Tensor parameters, TrainerState state)
      throws IOException {
    Path base = model.checkpoint().folder();
    ParameterLayout layout = model.layout();
    if (layout instanceof AdapterLayout adapter) {
      AdapterFile.write(local, adapter, parameters, AdapterBase.of(config.model().name(), base));
    } else {
      ModelFolder.write(local, base, layout, parameters);
    }
    CheckpointWriter.copyTokenizer(base, local);
    Files.writeString(local.resolve("sft_config.yaml"), config.effectiveYaml());
    card(config, layout, state).write(local);
  }

  private static ModelCard card(SftConfig config, ParameterLayout layout, TrainerState state) {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("steps", "%d".formatted(state.sums().steps()));
    facts.put("tokens", "%,d".formatted(state.sums().tokens()));
    facts.put("mean loss", "%.4f".formatted(state.trainLoss()));
    facts.put(
        "learning rate",
        "%s, %s".formatted(config.optimizer().learningRate(), config.schedule().type().flag()));
    facts.put(
        "batch",
        "%d rows × %d micro-batches"
            .formatted(config.batch().rows(), config.batch().accumulation()));
    return new ModelCard(
        config.model().name(),
        config.output().runName(),
        layout,
        config.data().source().dataset(),
        ModelCard.Method.SFT,
        facts);
  }
}
