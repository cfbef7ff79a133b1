package org.sparklora.spark.cli;

import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.sparklora.api.SparkLora;
import org.sparklora.api.TrainingResult;
import org.sparklora.observe.track.TrackingConfig;
import org.sparklora.pipeline.config.Flag;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.HadoopSettings;
import org.sparklora.pipeline.config.LocalPath;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.run.Interruption;
import org.sparklora.pipeline.run.RunFolder;
import org.sparklora.pipeline.table.GenerationTable;
import org.sparklora.spark.generate.GenerateConfig;
import org.sparklora.spark.grpo.GrpoConfig;
import org.sparklora.spark.prep.PreparedTables;
import org.sparklora.spark.run.ModelConfig;
import org.sparklora.spark.run.RunListener;
import org.sparklora.spark.run.SparkSessions;
import org.sparklora.spark.run.TrainingConfig;
import org.sparklora.spark.run.TrainingSettings;
import org.sparklora.spark.sft.SftConfig;
import org.sparklora.spark.sweep.DryRun;
import org.sparklora.spark.sweep.SweepJob;
import org.sparklora.sweep.SweepFile;
import org.sparklora.sweep.SweepPlan;

/**
 * {@code sft} trains a model, or an adapter, on a dataset; {@code grpo}, on rewards of its own
 * completions. {@code update} runs only the last of the three stages of {@code grpo}: it trains on
 * a round's advantages. {@code sweep} runs many such trainings, or evaluations.
 *
 * <p>Model, adapter (only headers), data (without reading them) and output folder are checked
 * before Spark starts, which takes seconds, or minutes on a cluster. Only a session finds tables of
 * a catalogue.
 */
final class TrainCommands {
  /** Flags that decide which files of which model are read. */
  private static final List<Flag<?>> MODELS =
      List.of(
          Flags.MODEL_NAME_OR_PATH,
          Flags.MODEL_REVISION,
          Flags.ADAPTER,
          Flags.ADAPTER_NAME_OR_PATH,
          Flags.LORA_TARGET_MODULES);

  private TrainCommands() {}

  static void sft(Settings settings) throws IOException {
    Configuration hadoop = HadoopSettings.configuration();
    SftConfig config = SftConfig.of(PreparedTables.decided(hadoop, settings));
    requireUsable(hadoop, config, Optional.empty());
    try (SparkSession spark = session(settings, "step")) {
      TrainingResult result = SparkLora.on(spark).sft(config, RunListener.none());
      print(result, String.format(Locale.ROOT, ", %,d tokens", result.tokens()));
    }
  }

  static void grpo(Settings settings) throws IOException {
    grpo(settings, Optional.empty());
  }

  static void update(Settings settings) throws IOException {
    grpo(settings, Optional.of(settings.get(Flags.INPUT)));
  }

  private static void grpo(Settings settings, Optional<String> advantages) throws IOException {
    Configuration hadoop = HadoopSettings.configuration();
    GrpoConfig config = GrpoConfig.of(PreparedTables.decided(hadoop, settings));
    requireUsable(hadoop, config, advantages);
    try (SparkSession spark = session(settings, "step")) {
      TrainingResult result =
          SparkLora.on(spark).grpo(config, advantages, Optional.empty(), RunListener.none());
      print(result, "");
    }
  }

  /** Checks what a run reads and writes; {@code advantages} is the table of {@code update}. */
  private static void requireUsable(
      Configuration hadoop, TrainingConfig config, Optional<String> advantages) throws IOException {
    Outlines.requireTrainable(config.training(), hadoop);
    PreparedTables.requireFiles(hadoop, config.table());
    config
        .testTable()
        .ifPresent(test -> PreparedTables.requireTestSplit(hadoop, test, config.table()));
    advantages.ifPresent(table -> GenerationTable.requireScored(hadoop, table));
    RunFolder.requireUsable(
        hadoop,
        config.output().folder(),
        config.output().overwrite(),
        config.checkpoints().resumeFrom());
  }

  private static void print(TrainingResult result, String tokens) {
    String measured =
        String.format(
            Locale.ROOT,
            "%s, mean loss %.4f, %.0f s",
            tokens,
            result.trainLoss(),
            result.seconds());
    System.out.println(
        "%s: %s steps%s"
            .formatted(result.folder(), result.steps(), result.complete() ? measured : " so far"));
  }

  private static SparkSession session(Settings settings, String first) {
    Interruption.tell(() -> "Interrupted before the first %s; run it again".formatted(first));
    return SparkSessions.open(settings);
  }

  /** {@code sweep}: runs many trials that differ in their settings, and prints their findings. */
  static void sweep(Settings settings) throws IOException {
    Configuration hadoop = HadoopSettings.configuration();
    SweepFile file = SweepFile.read(LocalPath.of(settings, Flags.CONFIG));
    ModelConfig.engine(file.shared());
    SweepPlan plan = SweepJob.plan(hadoop, file, settings.get(Flags.OUTPUT_DIR));
    plan.notes().forEach(System.err::println);
    if (settings.get(Flags.DRY_RUN)) {
      System.out.print(DryRun.text(hadoop, plan, settings.find(Flags.FLOPS_PER_SECOND)));
      return;
    }
    TrackingConfig tracking =
        plan.tracking(
            settings.find(Flags.REPORT_TO).filter(any -> settings.isGiven(Flags.REPORT_TO)));
    requireModels(hadoop, plan);
    try (SparkSession spark = session(settings, "trial")) {
      System.out.print(
          SweepJob.run(
              spark,
              plan,
              settings.find(Flags.MAX_PARALLEL_TRIALS),
              settings.get(Flags.KEEP_WEIGHTS),
              tracking));
    }
  }

  /** Checks models and adapters of the trials, whose plan has checked the other settings. */
  private static void requireModels(Configuration hadoop, SweepPlan plan) throws IOException {
    Set<List<Object>> seen = new HashSet<>();
    for (Settings settings : plan.settings()) {
      if (!seen.add(MODELS.stream().<Object>map(settings::find).toList())) {
        continue;
      }
      if (settings.command().equals("eval")) {
        Outlines.requireReadable(GenerateConfig.Model.of(settings), hadoop);
      } else {
        Outlines.requireTrainable(TrainingSettings.of(settings), hadoop);
      }
    }
  }
}
