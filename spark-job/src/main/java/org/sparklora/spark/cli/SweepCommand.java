package org.sparklora.spark.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.sparklora.observe.track.TrackingConfig;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.HadoopSettings;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.run.Interruption;
import org.sparklora.spark.run.ModelConfig;
import org.sparklora.spark.run.SparkSessions;
import org.sparklora.spark.sweep.DryRun;
import org.sparklora.spark.sweep.SweepJob;
import org.sparklora.sweep.SweepFile;
import org.sparklora.sweep.SweepPlan;

/** {@code sweep}: runs many trials that differ in their settings, and prints their findings. */
final class SweepCommand {
  private SweepCommand() {}

  static void run(Settings settings) throws IOException {
    Configuration hadoop = HadoopSettings.configuration();
    SweepFile file = SweepFile.read(Path.of(settings.get(Flags.CONFIG)));
    ModelConfig.engine(file.shared());
    SweepPlan plan = SweepJob.plan(hadoop, file, settings.get(Flags.OUTPUT_DIR));
    plan.notes().forEach(System.err::println);
    if (settings.get(Flags.DRY_RUN)) {
      System.out.print(DryRun.text(hadoop, plan, settings.find(Flags.FLOPS_PER_SECOND)));
      return;
    }
    TrackingConfig tracking =
        plan.tracking(
            settings.isGiven(Flags.REPORT_TO)
                ? Optional.of(settings.get(Flags.REPORT_TO))
                : Optional.empty());
    BeforeSpark.sweep(plan);
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
}
