package org.sparklora.spark.run;

import java.util.Optional;
import org.apache.hadoop.fs.Path;
import org.sparklora.observe.track.TrackingConfig;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.run.OutputFolder;
import org.sparklora.train.Cadence;

/**
 * Where results go and what is logged.
 *
 * @param folder {@code output_dir}
 * @param overwrite {@code overwrite_output_dir}
 * @param loggingSteps {@code logging_steps}; below 1 a share of all steps, 0 for no log rows
 * @param logFirstStep {@code logging_first_step}
 * @param runName {@code run_name}, or the output folder's name
 * @param showProgress not {@code disable_tqdm}
 * @param tracking trackers that also receive the log
 * @param push to the hub, if wanted
 */
public record OutputConfig(
    String folder,
    boolean overwrite,
    double loggingSteps,
    boolean logFirstStep,
    String runName,
    boolean showProgress,
    TrackingConfig tracking,
    Optional<PushConfig> push) {
  /** Whole steps between log rows, in a run of {@code totalSteps}. */
  public int loggingSteps(int totalSteps) {
    return (int) (loggingSteps >= 1 ? loggingSteps : Math.ceil(loggingSteps * totalSteps));
  }

  public static OutputConfig of(Settings settings, String folder) {
    String strategy = settings.get(Flags.LOGGING_STRATEGY);
    if (strategy.equals("steps")) {
      Cadence.requireInterval(
          Flags.LOGGING_STEPS, Cadence.Unit.STEPS, settings.get(Flags.LOGGING_STEPS));
    }
    return new OutputConfig(
        folder,
        settings.get(Flags.OVERWRITE_OUTPUT_DIR),
        strategy.equals("no") ? 0 : settings.get(Flags.LOGGING_STEPS),
        settings.get(Flags.LOGGING_FIRST_STEP),
        settings.find(Flags.RUN_NAME).orElse(new Path(OutputFolder.named(folder)).getName()),
        !settings.find(Flags.DISABLE_TQDM).orElse(false),
        TrackingConfig.of(settings),
        PushConfig.of(settings, folder));
  }
}
