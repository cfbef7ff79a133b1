package org.sparklora.spark;

import org.apache.spark.sql.SparkSession;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.prep.PackSftJob;
import org.sparklora.prep.PrepConfig;

/** {@code spark-lora prep}. */
final class PrepCommand {
  private PrepCommand() {}

  static void run(Settings settings) {
    PrepConfig config = PrepSettings.of(settings, settings.requiredText("output_dir"));
    try (SparkSession spark = SparkSessions.open(settings)) {
      System.out.println(
          "%s: %s".formatted(config.outputFolder(), PackSftJob.run(spark, config).summary()));
    }
  }
}
