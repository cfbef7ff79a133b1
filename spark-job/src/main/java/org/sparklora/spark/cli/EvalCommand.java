package org.sparklora.spark.cli;

import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.sparklora.api.OutputTable;
import org.sparklora.api.SparkLora;
import org.sparklora.pipeline.config.HadoopSettings;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.run.OutputFolder;
import org.sparklora.spark.eval.MathEvalConfig;
import org.sparklora.spark.prep.PreparedTables;
import org.sparklora.spark.run.SparkSessions;

/** {@code eval}: measures how many problems a model solves. */
public final class EvalCommand {
  private EvalCommand() {}

  /** Runs the command; its output appears only when it is complete. */
  public static void run(Settings settings) throws IOException {
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
        each.forEach((name, one) -> printAll(name + "  ", (Map<?, ?>) one));
      } else {
        printAll("", summary);
      }
    }
  }

  private static void printAll(String of, Map<?, ?> summary) {
    print(of, summary);
    if (summary.get("by") instanceof Map<?, ?> columns) {
      columns.forEach(
          (column, values) ->
              ((Map<?, ?>) values)
                  .forEach(
                      (value, shares) ->
                          print(of + column + " " + value + "  ", (Map<?, ?>) shares)));
    }
  }

  private static void print(String of, Map<?, ?> summary) {
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
