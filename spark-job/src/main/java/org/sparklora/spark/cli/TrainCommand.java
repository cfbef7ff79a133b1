package org.sparklora.spark.cli;

import java.io.IOException;
import java.util.Locale;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.sparklora.api.SparkLora;
import org.sparklora.api.TrainingResult;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.HadoopSettings;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.run.Interruption;
import org.sparklora.pipeline.run.RunFolder;
import org.sparklora.pipeline.table.GenerationTable;
import org.sparklora.spark.grpo.GrpoConfig;
import org.sparklora.spark.prep.PreparedTables;
import org.sparklora.spark.run.RunListener;
import org.sparklora.spark.run.SparkSessions;
import org.sparklora.spark.run.TrainingConfig;
import org.sparklora.spark.sft.SftConfig;

/**
 * {@code sft} trains a model, or an adapter, on a dataset; {@code grpo}, on rewards of its own
 * completions. {@code update} runs only the last of the three stages of {@code grpo}: it trains on
 * a round's advantages.
 *
 * <p>Model, adapter (only headers), data (without reading them) and output folder are checked
 * before Spark starts, which takes seconds, or minutes on a cluster. Only a session finds tables of
 * a catalogue.
 */
final class TrainCommand {
  private TrainCommand() {}

  static void sft(Settings settings) throws IOException {
    Configuration hadoop = HadoopSettings.configuration();
    SftConfig config = SftConfig.of(PreparedTables.decided(hadoop, settings));
    requireUsable(hadoop, config, Optional.empty());
    try (SparkSession spark = session(settings)) {
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
    try (SparkSession spark = session(settings)) {
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

  private static SparkSession session(Settings settings) {
    Interruption.tell(() -> "Interrupted before the first step; run it again");
    return SparkSessions.open(settings);
  }
}
