package org.sparklora.spark;

import org.apache.spark.sql.SparkSession;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.prep.PackSftJob;
import org.sparklora.prep.PrepConfig;
import org.sparklora.prep.PreparePromptsJob;
import org.sparklora.prep.PromptsConfig;

/**
 * {@code spark-lora prep}. A table that is there and is what the settings give is used again,
 * unless it is to be overwritten: who repeats a command, as schedulers do, gets the same.
 */
final class PrepCommand {
  private PrepCommand() {}

  /** What a table is for. */
  private enum Task {
    SFT,
    GRPO
  }

  static void run(Settings settings) {
    String folder = settings.requiredText("output_dir");
    String summary =
        switch (settings.oneOf("task", Task.class)) {
          case SFT -> pack(settings, PrepSettings.of(settings, folder));
          case GRPO -> preparePrompts(settings, PromptSettings.of(settings, folder));
        };
    System.out.println("%s: %s".formatted(folder, summary));
  }

  private static String pack(Settings settings, PrepConfig config) {
    try (SparkSession spark = SparkSessions.open(settings)) {
      return (config.overwrite()
              ? PackSftJob.run(spark, config)
              : PackSftJob.reuseOrRun(spark, config))
          .summary();
    }
  }

  private static String preparePrompts(Settings settings, PromptsConfig config) {
    try (SparkSession spark = SparkSessions.open(settings)) {
      return (config.overwrite()
              ? PreparePromptsJob.run(spark, config)
              : PreparePromptsJob.reuseOrRun(spark, config))
          .summary();
    }
  }
}
