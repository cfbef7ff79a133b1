package org.sparklora.spark.cli;

import java.util.Locale;
import java.util.stream.Stream;
import org.apache.spark.sql.SparkSession;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.prep.PackSftJob;
import org.sparklora.prep.PrepConfig;
import org.sparklora.prep.PreparePromptsJob;
import org.sparklora.prep.PromptsConfig;
import org.sparklora.spark.prep.PrepSettings;
import org.sparklora.spark.prep.PromptSettings;
import org.sparklora.spark.run.SparkSessions;

/**
 * {@code spark-lora prep}. A table that is there and is what the settings give is used again,
 * unless it is to be overwritten: who repeats a command, as schedulers do, gets the same.
 */
final class PrepCommand {
  /** What a table is for: the command that trains on it. */
  private enum Task {
    SFT,
    GRPO;

    String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private PrepCommand() {}

  static void run(Settings settings) {
    Task task = settings.get(Flags.TASK, Task.class);
    settings.requireUseful(task.word(), Stream.of(Task.values()).map(Task::word).toList());
    String folder = settings.get(Flags.OUTPUT_DIR);
    String summary =
        switch (task) {
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
