package org.sparklora.observe.track;

import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.sparklora.observe.track.mlflow.MlflowConfig;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Settings;

/**
 * The trackers of a run, and their settings.
 *
 * @param trackers {@code report_to}
 * @param project {@code project}: Trackio's project
 * @param maxLogProbDifference {@code max_logprob_difference}, at which a GRPO run stops
 * @param mlflow settings of MLflow, if it is one of the trackers
 */
public record TrackingConfig(
    Set<Tracker> trackers,
    String project,
    double maxLogProbDifference,
    Optional<MlflowConfig> mlflow) {

  public enum Tracker {
    TRACKIO,
    TENSORBOARD,
    MLFLOW;

    private static Set<Tracker> of(String word, Map<String, String> environment) {
      return switch (word.toLowerCase(Locale.ROOT)) {
        case "trackio" -> EnumSet.of(TRACKIO);
        case "tensorboard" -> EnumSet.of(TENSORBOARD);
        case "mlflow" -> EnumSet.of(MLFLOW);
        // MLflow needs a server, which only the environment names
        case "all" ->
            MlflowConfig.isWanted(environment)
                ? EnumSet.allOf(Tracker.class)
                : EnumSet.of(TRACKIO, TENSORBOARD);
        case "none" -> EnumSet.noneOf(Tracker.class);
        case "wandb" ->
            throw new ConfigException(
                Flags.REPORT_TO,
                word,
                "W&B's protocol is private to its own client; use trackio, tensorboard (whose files"
                    + " `wandb sync` takes), mlflow, all or none");
        default ->
            throw new ConfigException(
                Flags.REPORT_TO,
                word,
                "use trackio, tensorboard, mlflow, all or none; or several of them");
      };
    }
  }

  public TrackingConfig {
    trackers = Set.copyOf(trackers);
    if (trackers.contains(Tracker.TRACKIO)) {
      TrackioDatabase.requireUsable(project);
    }
  }

  public static TrackingConfig of(Settings settings) {
    return of(settings, settings.get(Flags.REPORT_TO));
  }

  /** The tracking config of a user's settings, with other words for {@code report_to}. */
  public static TrackingConfig of(Settings settings, List<String> words) {
    return of(settings, words, System.getenv());
  }

  static TrackingConfig of(Settings settings, List<String> words, Map<String, String> environment) {
    Set<Tracker> trackers = EnumSet.noneOf(Tracker.class);
    words.forEach(word -> trackers.addAll(Tracker.of(word, environment)));
    ConfigException.require(
        words.size() == 1 || words.stream().noneMatch("none"::equalsIgnoreCase),
        Flags.REPORT_TO,
        String.join(" ", words),
        "none stands alone");
    Optional<String> registered = settings.find(Flags.REGISTERED_MODEL_NAME);
    ConfigException.require(
        registered.isEmpty() || trackers.contains(Tracker.MLFLOW),
        Flags.REGISTERED_MODEL_NAME,
        registered.orElse(""),
        "it is registered with MLflow: --report_to mlflow");
    return new TrackingConfig(
        trackers,
        settings.get(Flags.PROJECT),
        settings.get(Flags.MAX_LOGPROB_DIFFERENCE),
        trackers.contains(Tracker.MLFLOW)
            ? Optional.of(
                MlflowConfig.of(
                    environment, Path.of(TrackioDatabase.home(environment)), registered))
            : Optional.empty());
  }

  public TrackingConfig withProject(String other) {
    return new TrackingConfig(trackers, other, maxLogProbDifference, mlflow);
  }
}
