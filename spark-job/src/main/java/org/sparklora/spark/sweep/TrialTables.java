package org.sparklora.spark.sweep;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.sparklora.pipeline.config.Flag;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.table.PackedSequenceTable;
import org.sparklora.pipeline.table.PromptTable;
import org.sparklora.prep.PrepConfig;
import org.sparklora.prep.PromptsConfig;
import org.sparklora.prep.TableConfig;
import org.sparklora.spark.eval.MathEvalConfig;
import org.sparklora.spark.generate.GenerateConfig;
import org.sparklora.spark.grpo.GrpoConfig;
import org.sparklora.spark.grpo.GrpoIdentity;
import org.sparklora.spark.prep.PreparedTables;
import org.sparklora.spark.run.InitialParameters;
import org.sparklora.spark.run.TrainingConfig;
import org.sparklora.spark.sft.SftConfig;
import org.sparklora.spark.sft.SftJob;
import org.sparklora.sweep.Trial;
import org.sparklora.sweep.TrialName;
import org.sparklora.sweep.TrialResolver;
import org.sparklora.train.TrainedModel;
import org.sparklora.train.TrainingRows;
import org.sparklora.train.resume.ModelFingerprint;

/**
 * Makes the tables of training and evaluation data, one for all trials with equal settings of the
 * table, and names the trials by their contents. Not thread-safe.
 */
final class TrialTables implements TrialResolver {
  private static final String TEST = "eval_";

  private final Configuration hadoop;
  private final String folder;
  private final Map<String, String> identities = new HashMap<>(); // of tables, by their folders
  private final Map<Path, String> models = new HashMap<>(); // fingerprints, by folder

  /**
   * @param sweep the sweep's folder
   */
  TrialTables(Configuration hadoop, String sweep) {
    this.hadoop = hadoop;
    this.folder = new org.apache.hadoop.fs.Path(sweep, "tables").toString();
  }

  /** {@inheritDoc} Paths become absolute, for other machines. */
  @Override
  public Trial resolved(Trial trial) {
    Settings settings = absolute(trial.settings());
    return trial.with(
        trial.isEvaluation()
            ? resolvedEvaluation(settings)
            : isSft(trial) ? resolvedSft(settings) : resolvedGrpo(settings));
  }

  private static boolean isSft(Trial trial) {
    return trial.command().equals("sft");
  }

  private Settings resolvedSft(Settings given) {
    Settings settings = PreparedTables.decided(hadoop, given);
    SftConfig config = SftConfig.of(settings);
    PreparedTables.requireFiles(hadoop, config.data());
    Optional<PrepConfig> test = config.evaluation().data();
    test.ifPresent(data -> PreparedTables.requireTestSplit(hadoop, data, config.data()));
    return placed(
        settings, Flags.PACKED_DIR, decisive(config.data()), test.map(TrialTables::decisive));
  }

  private Settings resolvedGrpo(Settings given) {
    Settings settings = PreparedTables.decided(hadoop, given, Flags.DATASET_TRAIN_SPLIT);
    GrpoConfig config = GrpoConfig.of(settings);
    PromptsConfig prompts = config.promptsTable();
    PreparedTables.requireFiles(hadoop, prompts);
    Optional<PromptsConfig> test = config.testPromptsTable();
    test.ifPresent(table -> PreparedTables.requireTestSplit(hadoop, table, prompts));
    return placed(settings, Flags.PROMPTS_DIR, decisive(prompts), test.map(TrialTables::decisive));
  }

  /** Text of all settings that determine a table. */
  private static String decisive(TableConfig<?> config) {
    return config.settings() + " " + config.model();
  }

  /** Sets the folder of the tables, unless the user names one. */
  private Settings placed(
      Settings settings, Flag<String> folder, String training, Optional<String> testing) {
    return settings.isGiven(folder)
        ? settings
        : settings.with(
            folder, place(Stream.concat(Stream.of(training), testing.stream()).toList()));
  }

  private Settings resolvedEvaluation(Settings given) {
    Settings settings = PreparedTables.decided(hadoop, given, Flags.DATASET_TEST_SPLIT);
    PromptsConfig problems = MathEvalConfig.of(settings).problems();
    PreparedTables.requireFiles(hadoop, problems);
    return settings.isGiven(Flags.PROMPTS_DIR)
        ? settings
        : settings.with(Flags.PROMPTS_DIR, place(List.of(decisive(problems))));
  }

  private String place(List<String> decisive) {
    return folder + "/" + TrialName.hash(String.join("\n", decisive));
  }

  static TrainingConfig config(Trial trial) {
    return isSft(trial) ? SftConfig.of(trial.settings()) : GrpoConfig.of(trial.settings());
  }

  @Override
  public List<String> logged(Trial trial) {
    if (trial.isEvaluation()) {
      return EvaluationRun.logged(MathEvalConfig.of(trial.settings()));
    }
    TrainingConfig config = config(trial);
    Set<String> names = new LinkedHashSet<>(config.printed());
    names.add("train_loss");
    if (config instanceof GrpoConfig grpo) {
      for (String reward : grpo.rewardNames()) {
        for (String kind : List.of("mean", "std")) {
          names.add("rewards/%s/%s".formatted(reward, kind));
          names.add(TEST + "rewards/%s/%s".formatted(reward, kind));
        }
      }
    }
    if (!config.evalSchedule().isOn()) {
      names.removeIf(name -> name.startsWith(TEST));
    }
    return List.copyOf(names);
  }

  private static Settings absolute(Settings settings) {
    Settings resolved = settings;
    for (Map.Entry<Flag<?>, List<String>> path : settings.paths().entrySet()) {
      if (path.getValue().size() == 1) {
        resolved = resolved.with(path.getKey(), absolute(path.getValue().get(0)));
      }
    }
    return resolved;
  }

  private static String absolute(String name) {
    try {
      Path path = Path.of(name);
      return Files.exists(path) ? path.toAbsolutePath().normalize().toString() : name;
    } catch (InvalidPathException e) {
      return name;
    }
  }

  /**
   * Names a trial; makes its tables unless they exist.
   *
   * @param trial a trial from {@link #resolved}
   */
  Trial named(SparkSession session, Trial trial) throws IOException {
    if (trial.isEvaluation()) {
      return trial.named(TrialName.of(trial.settings(), evaluated(session, trial)));
    }
    TrainingConfig config = config(trial);
    TrainedModel model = InitialParameters.of(hadoop, config).model();
    model.layout(); // refuses layers that the model does not have
    Map<String, String> found = new LinkedHashMap<>();
    found.put(Flags.MODEL_NAME_OR_PATH.name(), fingerprint(model.checkpoint().folder()));
    found.put(Flags.DATASET_NAME.name(), data(session, config, model));
    return trial.named(TrialName.of(trial.settings(), found));
  }

  /** Fingerprints of an evaluation's model, adapter and problems, by flag. */
  private Map<String, String> evaluated(SparkSession session, Trial trial) throws IOException {
    MathEvalConfig config = MathEvalConfig.of(trial.settings());
    GenerateConfig.Model model = config.generation().model();
    Map<String, String> found = new LinkedHashMap<>();
    found.put(Flags.MODEL_NAME_OR_PATH.name(), fingerprint(model.base().folder(hadoop)));
    if (model.adapter().isPresent()) {
      Path adapter = model.adapter().get().folder(hadoop);
      found.put(Flags.ADAPTER.name(), ModelFingerprint.ofAdapter(adapter));
    }
    found.put(Flags.DATASET_NAME.name(), prompts(session, config.problems()));
    return found;
  }

  /** The fingerprint of the base model; empty if trials have several. */
  String model() {
    return models.values().stream().distinct().count() == 1
        ? models.values().iterator().next()
        : "";
  }

  private String fingerprint(Path checkpoint) throws IOException {
    String known = models.get(checkpoint);
    if (known == null) {
      known = ModelFingerprint.of(checkpoint);
      models.put(checkpoint, known);
    }
    return known;
  }

  private String data(SparkSession session, TrainingConfig config, TrainedModel model) {
    List<String> tables = new ArrayList<>();
    if (config instanceof SftConfig sft) {
      tables.add(packed(session, sft.data(), model));
      sft.evaluation().data().ifPresent(test -> tables.add(packed(session, test, model)));
    } else if (config instanceof GrpoConfig grpo) {
      tables.add(prompts(session, grpo.promptsTable()));
      grpo.testPromptsTable().ifPresent(test -> tables.add(prompts(session, test)));
    }
    return String.join("; ", tables);
  }

  private String packed(SparkSession session, PrepConfig data, TrainedModel model) {
    return identities.computeIfAbsent(
        data.source().dataset() + " " + data.outputFolder(),
        table -> {
          try (TrainingRows rows =
              TrainingRows.of(
                  hadoop,
                  PackedSequenceTable.open(hadoop, PreparedTables.open(session, data)),
                  model.config().vocabSize())) {
            return SftJob.identity(rows);
          }
        });
  }

  private String prompts(SparkSession session, PromptsConfig data) {
    return identities.computeIfAbsent(
        data.source().dataset() + " " + data.outputFolder(),
        table ->
            GrpoIdentity.of(
                PromptTable.open(hadoop, PreparedTables.open(session, data)).readAll()));
  }
}
