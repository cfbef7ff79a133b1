package org.sparklora.spark.grpo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.sparklora.model.ParameterLayout;
import org.sparklora.model.PolicyBatch;
import org.sparklora.model.checkpoint.CheckpointWriter;
import org.sparklora.model.engine.Tensor;
import org.sparklora.model.lora.AdapterBase;
import org.sparklora.model.lora.AdapterFile;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.pipeline.table.PolicyRow;
import org.sparklora.spark.report.RunFigure;
import org.sparklora.spark.run.CheckpointConfig;
import org.sparklora.spark.run.CheckpointedRun;
import org.sparklora.spark.run.ModelCard;
import org.sparklora.spark.run.ModelFolder;
import org.sparklora.spark.train.TrainedModel;
import org.sparklora.spark.train.TrainerState;

/**
 * Writes what a run leaves, and its checkpoints: adapter or model, tokenizer, model card, log,
 * curves and settings. A checkpoint in the middle of a round also holds the round as it is trained
 * on, since its log-probabilities are those of parameters that are gone.
 *
 * <p>Not thread-safe.
 */
final class GrpoResults implements CheckpointedRun {
  private static final String ROUND_FILE = "round.parquet";

  private final GrpoConfig config;
  private final TrainedModel model;
  private final Tensor parameters;
  private Optional<Round> unfinished = Optional.empty();

  /**
   * @param parameters vector of the model's layout, as it is when something is written
   */
  GrpoResults(GrpoConfig config, TrainedModel model, Tensor parameters) {
    this.config = config;
    this.model = model;
    this.parameters = parameters;
  }

  /** The round that the next step goes on with, if it does. */
  Optional<Round> unfinished() {
    return unfinished;
  }

  void setUnfinished(Optional<Round> round) {
    unfinished = round;
  }

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
    return false;
  }

  @Override
  public void writeModel(Path local, TrainerState state) throws IOException {
    writeFiles(local, state);
    if (unfinished.isPresent()) {
      PolicyRow.write(
          local.resolve(ROUND_FILE),
          unfinished.get().rows().stream().map(GrpoResults::policyRow).toList());
    }
  }

  @Override
  public void restore(Path local) {
    Path file = local.resolve(ROUND_FILE);
    if (Files.isRegularFile(file)) {
      List<PolicyBatch.Row> rows = PolicyRow.read(file).stream().map(GrpoResults::row).toList();
      unfinished = Optional.of(Round.trusted(rows)); // the log has the rest already
    }
  }

  /** Writes all results. */
  void write(Path local, TrainerState state) throws IOException {
    Files.writeString(local.resolve(TrainerState.FILE_NAME), state.toJson(Optional.empty()));
    RunFigure.writeReward(
        local.resolve(ModelCard.Method.GRPO.plot()), config.output().runName(), state.history());
    writeFiles(local, state);
  }

  private void writeFiles(Path local, TrainerState state) throws IOException {
    Path base = model.checkpoint().folder();
    ParameterLayout layout = model.layout();
    if (layout instanceof AdapterLayout adapter) {
      AdapterFile.write(local, adapter, parameters, AdapterBase.of(config.model().name(), base));
    } else {
      ModelFolder.write(local, base, layout, parameters);
    }
    CheckpointWriter.copyTokenizer(base, local);
    Files.writeString(local.resolve("grpo_config.yaml"), config.effectiveYaml());
    card(state).write(local);
  }

  private ModelCard card(TrainerState state) {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("steps", "%d".formatted(state.sums().steps()));
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
        model.layout(),
        config.prompts().table().source().dataset(),
        ModelCard.Method.GRPO,
        facts);
  }

  private static PolicyRow policyRow(PolicyBatch.Row row) {
    return new PolicyRow(
        row.prompt(),
        row.completion(),
        row.advantage(),
        row.masked(),
        row.oldLogProbs(),
        row.referenceLogProbs());
  }

  private static PolicyBatch.Row row(PolicyRow row) {
    return new PolicyBatch.Row(
        row.promptIds(),
        row.completionIds(),
        row.advantage(),
        row.masked(),
        row.oldLogProbs(),
        row.referenceLogProbs());
  }
}
