package org.sparklora.spark.run;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.run.RunFolder;
import org.sparklora.train.Cadence;

/**
 * Checkpoints of a run.
 *
 * @param unit {@code save_strategy}
 * @param steps {@code save_steps}; below 1 a share of all steps, 0 for the last step alone
 * @param limit {@code save_total_limit}; 0 or less for no limit
 * @param modelOnly {@code save_only_model}: without the state that resuming needs
 * @param resumeFrom {@code resume_from_checkpoint}: a folder, or {@link RunFolder#LATEST}
 */
public record CheckpointConfig(
    Cadence.Unit unit, double steps, int limit, boolean modelOnly, Optional<String> resumeFrom) {

  public CheckpointConfig {
    if (steps != 0) {
      Cadence.requireInterval(Flags.SAVE_STEPS, unit, steps);
    }
  }

  public static CheckpointConfig of(Settings settings) {
    return new CheckpointConfig(
        settings.get(Flags.SAVE_STRATEGY, Cadence.Unit.class),
        settings.get(Flags.SAVE_STEPS),
        settings.find(Flags.SAVE_TOTAL_LIMIT).orElse(0),
        settings.get(Flags.SAVE_ONLY_MODEL),
        resumeFrom(settings));
  }

  /** The steps after which a run of {@code totalSteps} saves. */
  public Cadence cadence(int totalSteps) {
    return Cadence.of(unit, steps, 0, totalSteps);
  }

  /** A path, or the spellings of a boolean, as in YAML files; empty for those of false. */
  private static Optional<String> resumeFrom(Settings settings) {
    return settings
        .find(Flags.RESUME_FROM_CHECKPOINT)
        .filter(text -> !List.of("false", "no", "none").contains(text.toLowerCase(Locale.ROOT)))
        .map(
            text ->
                List.of(RunFolder.LATEST, "yes").contains(text.toLowerCase(Locale.ROOT))
                    ? RunFolder.LATEST
                    : text);
  }
}
