package org.sparklora.spark.run;

import java.util.List;
import java.util.Optional;
import org.apache.hadoop.fs.Path;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.spark.track.TrackedLog;
import org.sparklora.spark.track.TrackingConfig;
import org.sparklora.spark.train.Cadence;

/**
 * Where results go and what is logged.
 *
 * @param folder {@code output_dir}
 * @param overwrite {@code overwrite_output_dir}
 * @param loggingSteps {@code logging_steps}; below 1 a share of all steps, 0 for no log rows
 * @param logFirstStep {@code logging_first_step}
 * @param runName {@code run_name}, or the output folder's name
 * @param showProgress not {@code disable_tqdm}
 * @param tracking who else is told of what is logged
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
  public OutputConfig {
    ConfigException.require(
        loggingSteps >= 0,
        "logging_steps",
        loggingSteps,
        "it is a number of steps, or a share of them below 1");
  }

  /** The run that is logged, whose settings these are. */
  public TrackedLog.Run run(String effectiveYaml) {
    return new TrackedLog.Run(runName, tracking, effectiveYaml);
  }

  /** Whole steps between log rows, of a run with so many. */
  public int loggingSteps(int totalSteps) {
    return (int) (loggingSteps >= 1 ? loggingSteps : Math.ceil(loggingSteps * totalSteps));
  }

  /** What is logged, and where results go, of a user's settings. */
  public static OutputConfig of(Settings settings, String folder) {
    String strategy = settings.oneOf("logging_strategy", List.of("steps", "no"));
    if (strategy.equals("steps")) {
      CheckpointConfig.requireInterval(
          "logging_steps", Cadence.Unit.STEPS, settings.number("logging_steps"));
    }
    return new OutputConfig(
        folder,
        settings.isOn("overwrite_output_dir"),
        strategy.equals("no") ? 0 : settings.number("logging_steps"),
        settings.isOn("logging_first_step"),
        settings.text("run_name").orElse(new Path(folder).getName()),
        !settings.optionalSwitch("disable_tqdm").orElse(false),
        TrackingConfig.of(settings),
        PushConfig.of(settings, folder));
  }
}
