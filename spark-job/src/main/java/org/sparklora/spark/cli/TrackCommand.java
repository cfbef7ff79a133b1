package org.sparklora.spark.cli;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import org.sparklora.observe.track.RunSettings;
import org.sparklora.observe.track.Sinks;
import org.sparklora.observe.track.TrackedLog;
import org.sparklora.observe.track.TrackerThread;
import org.sparklora.observe.track.TrackingConfig;
import org.sparklora.observe.track.sink.RunLabel;
import org.sparklora.observe.track.sink.TrackedRow;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.HadoopSettings;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.run.MetricsLog;
import org.sparklora.pipeline.run.RunFolder;
import org.sparklora.pipeline.table.TableException;

/**
 * {@code spark-lora track RUN}: sends the log of a run that has ended to trackers. A tracker that
 * already has some of the rows shows none twice.
 */
public final class TrackCommand {
  /** Longest wait for the trackers; long, since the user sees the progress. */
  private static final Duration LONGEST = Duration.ofDays(1);

  private TrackCommand() {}

  public static void run(Settings settings) throws IOException {
    TrackingConfig tracking = TrackingConfig.of(settings);
    ConfigException.require(
        !tracking.trackers().isEmpty(),
        Flags.REPORT_TO,
        "none",
        "say who is to be told: --report_to trackio, tensorboard, mlflow or all");
    try (RunFolder.Finished folder =
        RunFolder.claim(HadoopSettings.configuration(), settings.get(Flags.RUN))) {
      List<Map<String, Object>> rows = MetricsLog.read(folder.fileSystem(), folder.path());
      ConfigException.require(
          !rows.isEmpty(),
          Flags.RUN,
          folder.path(),
          "it holds no %s with rows; name the --output_dir of a run"
              .formatted(MetricsLog.FILE_NAME));
      Map<String, Object> known = RunSettings.read(folder.fileSystem(), folder.path());
      Object name = known.getOrDefault(Flags.RUN_NAME.name(), folder.path().getName());
      RunLabel label =
          new RunLabel(
              id(folder, rows), settings.find(Flags.RUN_NAME).orElse(String.valueOf(name)), known);
      TrackingConfig named =
          settings.isGiven(Flags.PROJECT) || !known.containsKey(Flags.PROJECT.name())
              ? tracking
              : tracking.withProject(known.get(Flags.PROJECT.name()).toString());
      tell(named, label, folder, rows);
    }
  }

  /** The run's id from the log, or from the folder for logs of older versions. */
  private static String id(RunFolder.Finished folder, List<Map<String, Object>> rows) {
    return TrackedLog.runId(rows)
        .orElseGet(
            () ->
                UUID.nameUUIDFromBytes(
                        folder.path().toString().getBytes(java.nio.charset.StandardCharsets.UTF_8))
                    .toString()
                    .replace("-", ""));
  }

  private static void tell(
      TrackingConfig tracking,
      RunLabel label,
      RunFolder.Finished folder,
      List<Map<String, Object>> rows) {
    List<TrackedRow> tracked = new TrackedRow.Reader().read(rows);
    List<TrackerThread> trackers = Sinks.of(tracking, label, folder.fileSystem(), folder.path());
    trackers.forEach(tracker -> tracker.begin(tracked.size(), () -> tracked));
    boolean all = TrackerThread.end(trackers, LONGEST);
    if (!all) {
      throw new TableException(
          "Cannot tell all trackers of %s: the warnings above say why".formatted(folder.path()));
    }
    System.out.printf(
        Locale.ROOT, "%s: %,d rows as run %s%n", folder.path(), rows.size(), label.name());
  }
}
