package org.sparklora.spark.cli;

import java.io.IOException;
import java.util.Locale;
import org.apache.spark.sql.SparkSession;
import org.sparklora.api.Request;
import org.sparklora.api.SparkLora;
import org.sparklora.api.TrainingResult;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.run.Interruption;
import org.sparklora.spark.grpo.GrpoConfig;
import org.sparklora.spark.run.SparkSessions;

/**
 * {@code grpo}: trains a model, or an adapter, on rewards of its own completions. {@code update} is
 * the last of its three stages alone: it trains on a round's advantages.
 */
public final class GrpoCommand {
  private GrpoCommand() {}

  /** Runs {@code grpo}. */
  public static void run(Settings settings) throws IOException {
    train(settings, SparkLora::grpo);
  }

  /** Runs {@code update}. */
  public static void update(Settings settings) throws IOException {
    settings.get(Flags.INPUT); // it is needed
    train(settings, SparkLora::update);
  }

  @FunctionalInterface
  private interface Training {
    TrainingResult run(SparkLora on, Request request) throws IOException;
  }

  private static void train(Settings settings, Training training) throws IOException {
    GrpoConfig.of(settings); // what cannot be used is said before Spark starts
    Interruption.tell(() -> "Interrupted before the first step; run it again");
    try (SparkSession spark = SparkSessions.open(settings)) {
      TrainingResult result = training.run(SparkLora.on(spark), Request.of(settings));
      System.out.println(
          "%s: %s steps%s"
              .formatted(
                  result.folder(),
                  result.steps(),
                  result.complete()
                      ? String.format(
                          Locale.ROOT,
                          ", mean loss %.4f, %.0f s",
                          result.trainLoss(),
                          result.seconds())
                      : " so far"));
    }
  }
}
