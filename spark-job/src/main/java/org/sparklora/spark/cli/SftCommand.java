package org.sparklora.spark.cli;

import java.io.IOException;
import org.apache.spark.sql.SparkSession;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.run.Interruption;
import org.sparklora.spark.prep.PackedTables;
import org.sparklora.spark.run.SparkSessions;
import org.sparklora.spark.run.TrainingRun;
import org.sparklora.spark.sft.SftConfig;
import org.sparklora.spark.sft.SftJob;

/** {@code spark-lora sft}. */
final class SftCommand {
  private SftCommand() {}

  static void run(Settings settings) throws IOException {
    SftConfig config = SftConfig.of(settings);
    Interruption.tell(() -> "Interrupted before the first step; run it again");
    try (SparkSession spark = SparkSessions.open(settings)) {
      TrainingRun.Result result =
          SftJob.run(
              spark,
              SftConfig.of(
                  PackedTables.decided(spark.sparkContext().hadoopConfiguration(), settings)));
      System.out.println(
          "%s: %d steps, %,d tokens, mean loss %.4f, %.0f s"
              .formatted(
                  config.output().folder(),
                  result.steps(),
                  result.tokens(),
                  result.trainLoss(),
                  result.seconds()));
    }
  }
}
