package org.sparklora.spark.grpo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.sparklora.model.ParameterLayout;
import org.sparklora.model.checkpoint.CheckpointWriter;
import org.sparklora.model.kernels.Tensor;
import org.sparklora.model.lora.AdapterFile;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.spark.ModelCard;
import org.sparklora.spark.ModelFolder;
import org.sparklora.spark.report.RunFigure;
import org.sparklora.spark.train.TrainedModel;
import org.sparklora.spark.train.TrainerState;

/**
 * Writes what a run leaves, and its checkpoints: adapter or model, tokenizer, model card, log,
 * curves and settings.
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
    Files.writeString(local.resolve("README.md"), card(state).text());
    RunFigure.writeReward(local.resolve("reward.png"), config.output().runName(), state.history());
  }

  private ModelCard card(GrpoState state) {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("steps", "%d".formatted(state.steps()));
    facts.put("rewards", String.join(", ", config.rewards().names()));
    facts.put(
        "learning rate",
        "%s, %s".formatted(config.optimizer().learningRate(), config.schedule().type().flag()));
    facts.put(
        "round",
        "%d completions, %d of a prompt, %d tokens at most"
            .formatted(
                config.batch().generationSize(),
                config.sampling().numGenerations(),
                config.sampling().maxCompletionLength()));
    return new ModelCard(
        config.model().name(),
        config.output().runName(),
        layout,
        config.prompts().table().source().dataset(),
        ModelCard.Method.GRPO,
        facts);
  }
}
