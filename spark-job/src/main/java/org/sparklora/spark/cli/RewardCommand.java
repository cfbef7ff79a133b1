package org.sparklora.spark.cli;

import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.sparklora.api.OutputTable;
import org.sparklora.api.SparkLora;
import org.sparklora.pipeline.config.HadoopSettings;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.run.OutputFolder;
import org.sparklora.reward.job.RewardConfig;
import org.sparklora.reward.job.RewardJob;
import org.sparklora.spark.grpo.RewardSettings;
import org.sparklora.spark.run.SparkSessions;

/** {@code reward}: judges a table of generations, and prints the summary that it also writes. */
public final class RewardCommand {
  private RewardCommand() {}

  /** Runs the command; the table appears only when it is complete. */
  public static void run(Settings settings) {
    Configuration hadoop = HadoopSettings.configuration();
    Optional<OutputTable> table = OutputTable.of(settings);
    RewardConfig config = RewardSettings.of(settings, Set.of());
    RewardConfig.Tables tables = config.tables();
    RewardJob.requireInput(hadoop, tables);
    OutputFolder.requireUsable(hadoop, tables.outputDir(), tables.overwrite());
    try (SparkSession spark = SparkSessions.open(settings)) {
      System.out.println(SparkLora.on(spark).reward(config, table).summary());
    }
  }
}
