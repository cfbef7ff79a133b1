package org.sparklora.spark.cli;

import java.io.IOException;
import java.util.Locale;
import org.apache.spark.sql.SparkSession;
import org.sparklora.api.Request;
import org.sparklora.api.SparkLora;
import org.sparklora.api.TrainingResult;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.run.Interruption;
import org.sparklora.spark.run.SparkSessions;

/** {@code spark-lora sft}. */
final class SftCommand {
  private SftCommand() {}

  static void run(Settings settings) throws IOException {
    BeforeSpark.sft(settings);
    Interruption.tell(() -> "Interrupted before the first step; run it again");
    try (SparkSession spark = SparkSessions.open(settings)) {
      TrainingResult result = SparkLora.on(spark).sft(Request.of(settings));
      System.out.println(
          String.format(
              Locale.ROOT,
              "%s: %d steps, %,d tokens, mean loss %.4f, %.0f s",
              result.folder(),
              result.steps(),
              result.tokens(),
              result.trainLoss(),
              result.seconds()));
    }
  }
}
