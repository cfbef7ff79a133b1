package org.sparklora.spark.track;

import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Settings;

/**
 * Who is told of a run, and under which names.
 *
 * @param trackers {@code report_to}
 * @param project {@code project}: Trackio's
 * @param maxLogProbDifference {@code max_logprob_difference}, at which a GRPO run stops
 */
public record TrackingConfig(Set<Tracker> trackers, String project, double maxLogProbDifference) {

  /** What can be told. */
  public enum Tracker {
    TRACKIO,
    TENSORBOARD;

    private static Set<Tracker> of(String word) {
      return switch (word.toLowerCase(Locale.ROOT)) {
        case "trackio" -> EnumSet.of(TRACKIO);
        case "tensorboard" -> EnumSet.of(TENSORBOARD);
        case "all" -> EnumSet.allOf(Tracker.class);
        case "none" -> EnumSet.noneOf(Tracker.class);
        default ->
            throw new ConfigException(
                Flags.REPORT_TO, word, "use trackio, tensorboard, all or none; or several of them");
      };
    }
  }

  public TrackingConfig {
    trackers = Set.copyOf(trackers);
    if (trackers.contains(Tracker.TRACKIO)) {
      TrackioDatabase.requireUsable(project);
    }
  }

  /** The record of a user's settings. */
  public static TrackingConfig of(Settings settings) {
    Set<Tracker> trackers = EnumSet.noneOf(Tracker.class);
    List<String> words = settings.get(Flags.REPORT_TO);
    words.forEach(word -> trackers.addAll(Tracker.of(word)));
    ConfigException.require(
        words.size() == 1 || words.stream().noneMatch("none"::equalsIgnoreCase),
        Flags.REPORT_TO,
        String.join(" ", words),
        "none stands alone");
    return new TrackingConfig(
        trackers, settings.get(Flags.PROJECT), settings.get(Flags.MAX_LOGPROB_DIFFERENCE));
  }
}
