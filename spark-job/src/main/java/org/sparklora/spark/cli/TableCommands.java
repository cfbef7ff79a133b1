package org.sparklora.spark.cli;

import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.sparklora.api.OutputTable;
import org.sparklora.api.SparkLora;
import org.sparklora.api.TableResult;
import org.sparklora.pipeline.config.HadoopSettings;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.run.OutputFolder;
import org.sparklora.prep.PrepJob;
import org.sparklora.prep.TableConfig;
import org.sparklora.prep.curate.CurateConfig;
import org.sparklora.prep.curate.CurateJob;
import org.sparklora.prep.settings.PrepSettings;
import org.sparklora.reward.job.RewardConfig;
import org.sparklora.reward.job.RewardJob;
import org.sparklora.reward.job.SelectConfig;
import org.sparklora.reward.job.SelectJob;
import org.sparklora.spark.eval.MathEvalConfig;
import org.sparklora.spark.grpo.RewardSettings;
import org.sparklora.spark.prep.PreparedTables;
import org.sparklora.spark.run.SparkSessions;

/**
 * {@code prep}, {@code curate}, {@code reward}, {@code select} and {@code eval}: each makes a table
 * of another one, which appears when it is complete, and prints a summary.
 */
final class TableCommands {
  private TableCommands() {}

  static void prep(Settings settings) {
    Optional<OutputTable> table = OutputTable.of(settings);
    TableConfig config = PrepSettings.table(settings);
    PrepJob.requireInputs(HadoopSettings.configuration(), config);
    try (SparkSession spark = SparkSessions.open(settings)) {
      TableResult result = SparkLora.on(spark).prep(config, table);
      print(result.folder(), result.summary());
    }
  }

  static void curate(Settings settings) {
    CurateConfig config = PrepSettings.curate(settings);
    CurateJob.requireInputs(HadoopSettings.configuration(), config);
    try (SparkSession spark = SparkSessions.open(settings)) {
      print(config.outputFolder(), CurateJob.run(spark, config).summary());
    }
  }

  /** Prints the summary that {@code reward} also writes. */
  static void reward(Settings settings) {
    Optional<OutputTable> table = OutputTable.of(settings);
    RewardConfig config = RewardSettings.of(settings, Set.of());
    requireUsable(config.tables());
    try (SparkSession spark = SparkSessions.open(settings)) {
      System.out.println(SparkLora.on(spark).reward(config, table).summary());
    }
  }

  static void select(Settings settings) {
    SelectConfig config = RewardSettings.select(settings);
    requireUsable(config.tables());
    try (SparkSession spark = SparkSessions.open(settings)) {
      print(config.tables().outputDir(), SelectJob.run(spark, config));
    }
  }

  private static void requireUsable(RewardConfig.Tables tables) {
    Configuration hadoop = HadoopSettings.configuration();
    RewardJob.requireInput(hadoop, tables);
    OutputFolder.requireUsable(hadoop, tables.outputDir(), tables.overwrite());
  }

  private static void print(String folder, String summary) {
    System.out.println("%s: %s".formatted(folder, summary));
  }

  static void eval(Settings settings) throws IOException {
    Configuration hadoop = HadoopSettings.configuration();
    Optional<OutputTable> table = OutputTable.of(settings);
    List<MathEvalConfig> configs =
        MathEvalConfig.ofEach(hadoop, PreparedTables.decided(hadoop, settings));
    for (MathEvalConfig config : configs) {
      Outlines.requireReadable(config.generation().model(), hadoop);
      PreparedTables.requireFiles(hadoop, config.problems());
      OutputFolder.requireUsable(hadoop, config.output(), config.overwrite());
    }
    try (SparkSession spark = SparkSessions.open(settings)) {
      Map<String, Object> summary =
          SparkLora.on(spark).evaluate(settings, configs, table).summary();
      if (summary.get("checkpoints") instanceof Map<?, ?> each) {
        each.forEach((name, one) -> printShares(name + "  ", (Map<?, ?>) one));
      } else {
        printShares("", summary);
      }
    }
  }

  private static void printShares(String of, Map<?, ?> summary) {
    printShare(of, summary);
    if (summary.get("by") instanceof Map<?, ?> columns) {
      columns.forEach(
          (column, values) ->
              ((Map<?, ?>) values)
                  .forEach(
                      (value, shares) ->
                          printShare(of + column + " " + value + "  ", (Map<?, ?>) shares)));
    }
  }

  private static void printShare(String of, Map<?, ?> summary) {
    summary.forEach(
        (name, value) -> {
          if (String.valueOf(name).matches("(pass|maj)@.*") && value instanceof Map<?, ?> share) {
            System.out.println(of + name + "  " + shown(share));
          }
        });
  }

  private static String shown(Map<?, ?> pass) {
    String counted =
        pass.get("problems")
            + " problems"
            + (pass.get("problems_left_out").equals(0)
                ? ""
                : ", " + pass.get("problems_left_out") + " more with too few judged completions");
    return pass.containsKey("value")
        ? String.format(
            Locale.ROOT,
            "%.4f  (95 %%: %.4f to %.4f, %s)",
            pass.get("value"),
            pass.get("low"),
            pass.get("high"),
            counted)
        : "not known: " + counted;
  }
}
