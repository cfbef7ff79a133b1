package org.sparklora.spark.cli;

import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.sparklora.pipeline.config.HadoopSettings;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.run.OutputFolder;
import org.sparklora.reward.job.RewardConfig;
import org.sparklora.reward.job.RewardJob;
import org.sparklora.reward.job.SelectConfig;
import org.sparklora.reward.job.SelectJob;
import org.sparklora.spark.grpo.RewardSettings;
import org.sparklora.spark.run.SparkSessions;

/** {@code select}: makes a dataset of judged completions, and prints what was kept. */
final class SelectCommand {
  private SelectCommand() {}

  static void run(Settings settings) {
    SelectConfig config = RewardSettings.select(settings);
    RewardConfig.Tables tables = config.tables();
    Configuration hadoop = HadoopSettings.configuration();
    RewardJob.requireInput(hadoop, tables);
    OutputFolder.requireUsable(hadoop, tables.outputDir(), tables.overwrite());
    try (SparkSession spark = SparkSessions.open(settings)) {
      System.out.println(
          "%s: %s".formatted(tables.outputDir(), SelectJob.text(SelectJob.run(spark, config))));
    }
  }
}
