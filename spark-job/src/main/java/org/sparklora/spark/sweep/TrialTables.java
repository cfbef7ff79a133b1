package org.sparklora.spark.sweep;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.sparklora.pipeline.config.Flag;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.model.ModelReference;
import org.sparklora.pipeline.table.PackedSequenceTable;
import org.sparklora.pipeline.table.PromptTable;
import org.sparklora.prep.PromptsConfig;
import org.sparklora.prep.TableConfig;
import org.sparklora.spark.eval.MathEvalConfig;
import org.sparklora.spark.grpo.GrpoConfig;
import org.sparklora.spark.grpo.GrpoIdentity;
import org.sparklora.spark.prep.PreparedTables;
import org.sparklora.spark.run.InitialParameters;
import org.sparklora.spark.run.TrainingConfig;
import org.sparklora.spark.sft.SftConfig;
import org.sparklora.spark.sft.SftJob;
import org.sparklora.sweep.SweepPlan;
import org.sparklora.sweep.Trial;
import org.sparklora.sweep.TrialName;
import org.sparklora.train.TrainedModel;
import org.sparklora.train.TrainingRows;
import org.sparklora.train.resume.ModelFingerprint;

/**
 * Makes the tables of training and evaluation data, one for all trials with equal settings of the
 * table, and names the trials by settings, models and data. Not thread-safe.
 */
final class TrialTables implements SweepPlan.Resolver {
  private static final String TEST = "eval_";

  private final Configuration hadoop;
  private final String folder;
  private final Map<String, String> identities = new HashMap<>(); // of tables, by their folders
  private final Map<Path, String> models = new HashMap<>(); // fingerprints, by folder

  /** Makes tables in a sweep's folder. */
  TrialTables(Configuration hadoop, String sweep) {
    this.hadoop = hadoop;
    this.folder = new org.apache.hadoop.fs.Path(sweep, "tables").toString();
  }

  /** {@inheritDoc} Paths become absolute, for other machines. */
  @Override
  public Trial resolved(Trial trial) {
    Settings settings = PreparedTables.decided(hadoop, absolute(trial.settings()));
    List<TableConfig> tables = tables(trial.with(settings));
    PreparedTables.requireFiles(hadoop, tables.get(0));
    if (tables.size() > 1) {
      PreparedTables.requireTestSplit(hadoop, tables.get(1), tables.get(0));
    }
    Flag<String> place = isSft(trial) ? Flags.PACKED_DIR : Flags.PROMPTS_DIR;
    return trial.with(
        settings.isGiven(place) ? settings : settings.with(place, folder + "/" + hash(tables)));
  }

  private static boolean isSft(Trial trial) {
    return trial.command().equals("sft");
  }

  /** Name of the folder of tables, from all settings that determine them. */
  private static String hash(List<TableConfig> tables) {
    return TrialName.hash(
        tables.stream()
            .map(table -> table.settings() + " " + table.model())
            .collect(Collectors.joining("\n")));
  }

  /** The table that a trial is trained or evaluated on; then the one of its test split, if set. */
  private static List<TableConfig> tables(Trial trial) {
    List<TableConfig> tables = new ArrayList<>();
    if (trial.isEvaluation()) {
      tables.add(MathEvalConfig.of(trial.settings()).problems());
    } else {
      TrainingConfig config = config(trial);
      tables.add(config.table());
      config.testTable().ifPresent(tables::add);
    }
    return tables;
  }

  static TrainingConfig config(Trial trial) {
    return isSft(trial) ? SftConfig.of(trial.settings()) : GrpoConfig.of(trial.settings());
  }

  @Override
  public List<String> logged(Trial trial) {
    if (trial.isEvaluation()) {
      return TrialRun.logged(MathEvalConfig.of(trial.settings()));
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

  /** Names a trial from {@link #resolved}; makes its tables unless they exist. */
  Trial named(SparkSession session, Trial trial) throws IOException {
    Path checkpoint;
    int vocabulary = 0; // prompts have no ids
    if (trial.isEvaluation()) {
      checkpoint = ModelReference.of(trial.settings()).folder(hadoop);
    } else {
      TrainedModel model = InitialParameters.of(hadoop, config(trial)).model();
      model.layout(); // refuses layers that the model does not have
      checkpoint = model.checkpoint().folder();
      vocabulary = model.config().vocabSize();
    }
    Map<String, String> found = TrialName.fingerprints(hadoop, trial.settings());
    found.put(Flags.MODEL_NAME_OR_PATH.name(), fingerprint(checkpoint));
    List<String> data = new ArrayList<>();
    for (TableConfig table : tables(trial)) {
      data.add(identity(session, table, vocabulary));
    }
    found.put(Flags.DATASET_NAME.name(), String.join("; ", data));
    return trial.named(TrialName.of(trial.settings(), found));
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

  private String identity(SparkSession session, TableConfig config, int vocabulary) {
    return identities.computeIfAbsent(
        config.source().dataset() + " " + config.outputFolder(),
        key -> {
          String table = PreparedTables.open(session, config);
          if (config instanceof PromptsConfig) {
            return GrpoIdentity.of(PromptTable.read(hadoop, table));
          }
          try (TrainingRows rows =
              TrainingRows.of(hadoop, PackedSequenceTable.open(hadoop, table), vocabulary)) {
            return SftJob.identity(rows);
          }
        });
  }
}
