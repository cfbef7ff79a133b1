package org.sparklora.spark.cli;

import org.apache.spark.sql.SparkSession;
import org.sparklora.api.Request;
import org.sparklora.api.SparkLora;
import org.sparklora.api.TableResult;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.spark.run.SparkSessions;

/** {@code spark-lora prep}. */
final class PrepCommand {
  private PrepCommand() {}

  static void run(Settings settings) {
    BeforeSpark.prep(settings);
    try (SparkSession spark = SparkSessions.open(settings)) {
      TableResult result = SparkLora.on(spark).prep(Request.of(settings));
      System.out.println("%s: %s".formatted(result.folder(), result.summary()));
    }
  }
}
