package org.sparklora.spark.cli;

import org.apache.spark.sql.SparkSession;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.reward.job.RewardConfig;
import org.sparklora.reward.job.RewardJob;
import org.sparklora.reward.job.RewardSummary;
import org.sparklora.spark.grpo.RewardSettings;
import org.sparklora.spark.run.SparkSessions;

/** {@code reward}: judges a table of generations, and prints the summary it writes beside it. */
public final class RewardCommand {
  private RewardCommand() {}

  /** Runs the command; the table appears only when it is complete. */
  public static void run(Settings settings) {
    RewardConfig config = config(settings);
    try (SparkSession spark = SparkSessions.open(settings)) {
      RewardSummary summary = RewardJob.run(spark, config);
      System.out.println(summary.toJson());
    }
  }

  private static RewardConfig config(Settings settings) {
    return new RewardConfig(
        new RewardConfig.Tables(
            settings.get(Flags.INPUT),
            settings.get(Flags.OUTPUT_DIR),
            settings.get(Flags.OUTPUT_FORMAT, RewardConfig.Format.class),
            settings.get(Flags.OVERWRITE_OUTPUT_DIR),
            settings.find(Flags.NUM_GENERATIONS).orElse(0)),
        RewardSettings.functions(settings),
        RewardSettings.advantages(settings));
  }
}
