package org.sparklora.spark.cli;

import java.io.IOException;
import java.util.Locale;
import java.util.Optional;
import org.apache.spark.sql.SparkSession;
import org.sparklora.api.Request;
import org.sparklora.api.SparkLora;
import org.sparklora.api.TrainingResult;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.run.Interruption;
import org.sparklora.spark.run.SparkSessions;

/**
 * {@code grpo}: trains a model, or an adapter, on rewards of its own completions. {@code update}
 * runs only the last of its three stages: it trains on a round's advantages.
 */
public final class GrpoCommand {
  private GrpoCommand() {}

  /** Runs {@code grpo}. */
  public static void run(Settings settings) throws IOException {
    train(settings, Optional.empty(), SparkLora::grpo);
  }

  /** Runs {@code update}. */
  public static void update(Settings settings) throws IOException {
    train(settings, Optional.of(settings.get(Flags.INPUT)), SparkLora::update);
  }

  @FunctionalInterface
  private interface Training {
    TrainingResult run(SparkLora on, Request request) throws IOException;
  }

  private static void train(Settings settings, Optional<String> advantages, Training training)
      throws IOException {
    BeforeSpark.grpo(settings, advantages);
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
