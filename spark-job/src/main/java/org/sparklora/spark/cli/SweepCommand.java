package org.sparklora.spark.cli;

import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.sparklora.observe.track.TrackingConfig;
import org.sparklora.pipeline.config.Flag;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.HadoopSettings;
import org.sparklora.pipeline.config.LocalPath;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.run.Interruption;
import org.sparklora.spark.generate.GenerateConfig;
import org.sparklora.spark.run.ModelConfig;
import org.sparklora.spark.run.SparkSessions;
import org.sparklora.spark.run.TrainingSettings;
import org.sparklora.spark.sweep.DryRun;
import org.sparklora.spark.sweep.SweepJob;
import org.sparklora.sweep.SweepFile;
import org.sparklora.sweep.SweepPlan;

/** {@code sweep}: runs many trials that differ in their settings, and prints their findings. */
final class SweepCommand {
  /** Flags that decide which files of which model are read. */
  private static final List<Flag<?>> MODELS =
      List.of(
          Flags.MODEL_NAME_OR_PATH,
          Flags.MODEL_REVISION,
          Flags.ADAPTER,
          Flags.ADAPTER_NAME_OR_PATH,
          Flags.LORA_TARGET_MODULES);

  private SweepCommand() {}

  static void run(Settings settings) throws IOException {
    Configuration hadoop = HadoopSettings.configuration();
    SweepFile file = SweepFile.read(LocalPath.of(settings, Flags.CONFIG));
    ModelConfig.engine(file.shared());
    SweepPlan plan = SweepJob.plan(hadoop, file, settings.get(Flags.OUTPUT_DIR));
    plan.notes().forEach(System.err::println);
    if (settings.get(Flags.DRY_RUN)) {
      System.out.print(DryRun.text(hadoop, plan, settings.find(Flags.FLOPS_PER_SECOND)));
      return;
    }
    TrackingConfig tracking =
        plan.tracking(
            settings.find(Flags.REPORT_TO).filter(any -> settings.isGiven(Flags.REPORT_TO)));
    requireModels(hadoop, plan);
    Interruption.tell(() -> "Interrupted before the first trial; run it again");
    try (SparkSession spark = SparkSessions.open(settings)) {
      System.out.print(
          SweepJob.run(
              spark,
              plan,
              settings.find(Flags.MAX_PARALLEL_TRIALS),
              settings.get(Flags.KEEP_WEIGHTS),
              tracking));
    }
  }

  /** Checks models and adapters of the trials, whose plan has checked the other settings. */
  private static void requireModels(Configuration hadoop, SweepPlan plan) throws IOException {
    Set<List<Object>> seen = new HashSet<>();
    for (Settings settings : plan.settings()) {
      if (!seen.add(MODELS.stream().<Object>map(settings::find).toList())) {
        continue;
      }
      if (settings.command().equals("eval")) {
        Outlines.requireReadable(GenerateConfig.Model.of(settings), hadoop);
      } else {
        Outlines.requireTrainable(TrainingSettings.of(settings), hadoop);
      }
    }
  }
}
