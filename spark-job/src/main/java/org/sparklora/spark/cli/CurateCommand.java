package org.sparklora.spark.cli;

import org.apache.spark.sql.SparkSession;
import org.sparklora.pipeline.config.HadoopSettings;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.prep.curate.CurateConfig;
import org.sparklora.prep.curate.CurateJob;
import org.sparklora.prep.settings.PrepSettings;
import org.sparklora.spark.run.SparkSessions;

/** {@code spark-lora curate}. */
final class CurateCommand {
  private CurateCommand() {}

  static void run(Settings settings) {
    CurateConfig config = PrepSettings.curate(settings);
    CurateJob.requireInputs(HadoopSettings.configuration(), config);
    try (SparkSession spark = SparkSessions.open(settings)) {
      System.out.println(
          "%s: %s".formatted(config.outputFolder(), CurateJob.run(spark, config).summary()));
    }
  }
}
