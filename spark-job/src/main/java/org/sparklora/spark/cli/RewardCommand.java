package org.sparklora.spark.cli;

import org.apache.spark.sql.SparkSession;
import org.sparklora.api.Request;
import org.sparklora.api.SparkLora;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.spark.run.SparkSessions;

/** {@code reward}: judges a table of generations, and prints the summary that it also writes. */
public final class RewardCommand {
  private RewardCommand() {}

  /** Runs the command; the table appears only when it is complete. */
  public static void run(Settings settings) {
    BeforeSpark.reward(settings);
    try (SparkSession spark = SparkSessions.open(settings)) {
      System.out.println(SparkLora.on(spark).reward(Request.of(settings)).summary());
    }
  }
}
