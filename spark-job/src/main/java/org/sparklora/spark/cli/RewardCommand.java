package org.sparklora.spark.cli;

import org.apache.spark.sql.SparkSession;
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
            settings.requiredText("input"),
            settings.requiredText("output_dir"),
            settings.oneOf("output_format", RewardConfig.Format.class),
            settings.isOn("overwrite_output_dir"),
            settings.optionalInteger("num_generations").orElse(0)),
        RewardSettings.functions(settings),
        RewardSettings.advantages(settings));
  }
}
