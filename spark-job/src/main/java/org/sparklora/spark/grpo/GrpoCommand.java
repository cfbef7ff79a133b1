package org.sparklora.spark.grpo;

import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.sparklora.pipeline.config.Settings;

/** {@code grpo}: trains a model, or an adapter, on rewards of its own completions. */
public final class GrpoCommand {
  private GrpoCommand() {}

  /** Runs the command. */
  public static void run(Settings settings) throws IOException {
    GrpoConfig config = GrpoConfig.of(settings);
    GrpoJob.Result result = GrpoJob.run(new Configuration(), config);
    System.out.println(
        "%s: %d steps, mean loss %.4f, %.0f s"
            .formatted(
                config.output().folder(),
                result.steps(),
                (Double) result.lastRow().get("train_loss"),
                (Double) result.lastRow().get("train_runtime")));
  }
}
