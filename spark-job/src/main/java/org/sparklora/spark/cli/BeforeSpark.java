package org.sparklora.spark.cli;

import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.sparklora.api.OutputTable;
import org.sparklora.api.SparkLora;
import org.sparklora.pipeline.config.Flag;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.HadoopSettings;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.run.OutputFolder;
import org.sparklora.pipeline.run.RunFolder;
import org.sparklora.pipeline.table.GenerationTable;
import org.sparklora.pipeline.table.Prompt;
import org.sparklora.reward.job.RewardConfig;
import org.sparklora.reward.job.RewardJob;
import org.sparklora.spark.eval.MathEvalConfig;
import org.sparklora.spark.generate.GenerateConfig;
import org.sparklora.spark.grpo.GrpoConfig;
import org.sparklora.spark.prep.PreparedTables;
import org.sparklora.spark.run.TrainingConfig;
import org.sparklora.spark.sft.SftConfig;
import org.sparklora.sweep.SweepPlan;

/**
 * Checks a command without Spark, which takes seconds to start and minutes to get from a cluster.
 * Each command checks its flags together first, then the model and its adapter (only headers), the
 * data (without reading them), and the output folder. Only a session finds tables of a catalogue.
 */
final class BeforeSpark {
  /** Flags that decide which files of which model are read. */
  private static final List<Flag<?>> MODELS =
      List.of(
          Flags.MODEL_NAME_OR_PATH,
          Flags.MODEL_REVISION,
          Flags.ADAPTER,
          Flags.ADAPTER_NAME_OR_PATH,
          Flags.LORA_TARGET_MODULES);

  private BeforeSpark() {}

  static void sft(Settings given) throws IOException {
    Configuration hadoop = HadoopSettings.configuration();
    Settings settings = PreparedTables.decided(hadoop, given);
    SftConfig config = SftConfig.of(settings);
    Outlines.requireTrainable(settings, hadoop);
    PreparedTables.requireFiles(hadoop, config.data());
    config
        .evaluation()
        .data()
        .ifPresent(test -> PreparedTables.requireTestSplit(hadoop, test, config.data()));
    output(hadoop, config);
  }

  /**
   * @param advantages input table of {@code update}
   */
  static void grpo(Settings given, Optional<String> advantages) throws IOException {
    Configuration hadoop = HadoopSettings.configuration();
    Settings settings = PreparedTables.decided(hadoop, given, Flags.DATASET_TRAIN_SPLIT);
    GrpoConfig config = GrpoConfig.of(settings);
    Outlines.requireTrainable(settings, hadoop);
    PreparedTables.requireFiles(hadoop, config.promptsTable());
    config
        .testPromptsTable()
        .ifPresent(test -> PreparedTables.requireTestSplit(hadoop, test, config.promptsTable()));
    advantages.ifPresent(table -> GenerationTable.requireScored(hadoop, table));
    output(hadoop, config);
  }

  private static void output(Configuration hadoop, TrainingConfig config) {
    RunFolder.requireUsable(
        hadoop,
        config.output().folder(),
        config.output().overwrite(),
        config.checkpoints().resumeFrom());
  }

  static void prep(Settings settings) {
    SparkLora.requirePrep(settings, HadoopSettings.configuration());
  }

  static void eval(Settings given) throws IOException {
    Configuration hadoop = HadoopSettings.configuration();
    OutputTable.of(given);
    MathEvalConfig config =
        MathEvalConfig.of(PreparedTables.decided(hadoop, given, Flags.DATASET_TEST_SPLIT));
    Outlines.requireReadable(config.generation().model(), hadoop);
    PreparedTables.requireFiles(hadoop, config.problems());
    OutputFolder.requireUsable(hadoop, config.output(), config.overwrite());
  }

  static void reward(Settings settings) {
    Configuration hadoop = HadoopSettings.configuration();
    RewardConfig.Tables tables = SparkLora.rewardConfig(settings, Set.of()).tables();
    RewardJob.requireInput(hadoop, tables.input());
    OutputFolder.requireUsable(hadoop, tables.outputDir(), tables.overwrite());
  }

  /**
   * Checks {@code generate} with a table as input or output.
   *
   * @param folder whether the output is a folder
   * @return the prompts, which are read without Spark
   */
  static List<Prompt> generate(
      Settings settings, GenerateConfig config, RowText texts, boolean folder) throws IOException {
    Configuration hadoop = HadoopSettings.configuration();
    Outlines.requireReadable(config.model(), hadoop);
    List<Prompt> prompts = PromptRows.read(hadoop, settings.get(Flags.INPUT), texts);
    GenerateCommand.requirePrompts(settings, prompts.size());
    if (folder) {
      OutputFolder.requireUsable(
          hadoop, settings.get(Flags.OUTPUT), settings.get(Flags.OVERWRITE_OUTPUT_DIR));
    }
    return prompts;
  }

  /** Checks models and adapters of a sweep, whose plan has checked the other settings. */
  static void sweep(SweepPlan plan) throws IOException {
    Configuration hadoop = HadoopSettings.configuration();
    Set<List<Object>> seen = new HashSet<>();
    for (Settings settings : plan.settings()) {
      if (!seen.add(MODELS.stream().<Object>map(settings::find).toList())) {
        continue;
      }
      if (settings.command().equals("eval")) {
        Outlines.requireReadable(MathEvalConfig.of(settings).generation().model(), hadoop);
      } else {
        Outlines.requireTrainable(settings, hadoop);
      }
    }
  }
}
