package org.sparklora.spark.cli;

import java.util.Optional;
import java.util.Set;
import org.apache.spark.sql.SparkSession;
import org.sparklora.api.Request;
import org.sparklora.api.SparkLora;
import org.sparklora.api.TableResult;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.reward.job.RewardConfig;
import org.sparklora.spark.run.SparkSessions;

/** {@code reward}: judges a table of generations, and prints the summary it writes beside it. */
public final class RewardCommand {
  private RewardCommand() {}

  /** Runs the command; the table appears only when it is complete. */
  public static void run(Settings settings) {
    // what cannot be used is said before Spark starts
    RewardConfig config = SparkLora.rewardConfig(settings, Set.of());
    Optional<OutputTable> table = OutputTable.of(settings);
    ConfigException.require(
        table.isEmpty() || config.tables().format() == RewardConfig.Format.PARQUET,
        Flags.OUTPUT_TABLE,
        settings.text(Flags.OUTPUT_TABLE),
        "a table is made of Parquet; leave --output_format out");
    try (SparkSession spark = SparkSessions.open(settings)) {
      table.ifPresent(output -> output.requireWritable(spark));
      TableResult result = SparkLora.on(spark).reward(Request.of(settings));
      table.ifPresent(output -> output.write(spark, result.folder()));
      System.out.println(result.summary());
    }
  }
}
