package org.sparklora.spark.cli;

import java.io.IOException;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.run.Interruption;
import org.sparklora.spark.grpo.GrpoConfig;
import org.sparklora.spark.grpo.GrpoJob;
import org.sparklora.spark.prep.PromptTables;
import org.sparklora.spark.run.SparkSessions;
import org.sparklora.spark.run.TrainingRun;

/**
 * {@code grpo}: trains a model, or an adapter, on rewards of its own completions. {@code update} is
 * the last of its three stages alone: it trains on a round's advantages.
 */
public final class GrpoCommand {
  private GrpoCommand() {}

  /** Runs {@code grpo}. */
  public static void run(Settings settings) throws IOException {
    train(settings, Optional.empty());
  }

  /** Runs {@code update}. */
  public static void update(Settings settings) throws IOException {
    train(settings, Optional.of(settings.get(Flags.INPUT)));
  }

  private static void train(Settings settings, Optional<String> advantages) throws IOException {
    GrpoConfig config = GrpoConfig.of(settings);
    Interruption.tell(() -> "Interrupted before the first step; run it again");
    try (SparkSession spark = SparkSessions.open(settings)) {
      Configuration hadoop = spark.sparkContext().hadoopConfiguration();
      TrainingRun.Result result =
          GrpoJob.run(
              spark,
              GrpoConfig.of(PromptTables.decided(hadoop, settings, Flags.DATASET_TRAIN_SPLIT)),
              advantages);
      System.out.println(
          "%s: %d steps%s"
              .formatted(
                  config.output().folder(),
                  result.steps(),
                  result.complete()
                      ? ", mean loss %.4f, %.0f s".formatted(result.trainLoss(), result.seconds())
                      : " so far"));
    }
  }
}
