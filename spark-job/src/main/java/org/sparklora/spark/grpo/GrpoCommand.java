package org.sparklora.spark.grpo;

import java.io.IOException;
import org.apache.spark.sql.SparkSession;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.spark.SparkSessions;

/** {@code grpo}: trains a model, or an adapter, on rewards of its own completions. */
public final class GrpoCommand {
  private GrpoCommand() {}

  /** Runs the command. */
  public static void run(Settings settings) throws IOException {
    GrpoConfig config = GrpoConfig.of(settings);
    try (SparkSession spark = SparkSessions.open(settings)) {
      GrpoJob.Result result = GrpoJob.run(spark, config);
      System.out.println(
          "%s: %d steps, mean loss %.4f, %.0f s"
              .formatted(
                  config.output().folder(),
                  result.steps(),
                  (Double) result.lastRow().get("train_loss"),
                  (Double) result.lastRow().get("train_runtime")));
    }
  }
}
