package org.sparklora.spark.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.sparklora.observe.report.LiveReport;
import org.sparklora.observe.report.RunLog;
import org.sparklora.observe.report.RunReport;
import org.sparklora.observe.track.RunSettings;
import org.sparklora.observe.track.Sinks;
import org.sparklora.observe.track.TrackedLog;
import org.sparklora.observe.track.TrackerThread;
import org.sparklora.observe.track.TrackingConfig;
import org.sparklora.observe.track.sink.RunLabel;
import org.sparklora.observe.track.sink.TrackedRow;
import org.sparklora.observe.verify.Baseline;
import org.sparklora.observe.verify.RunComparison;
import org.sparklora.observe.verify.RunDiffersException;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.HadoopSettings;
import org.sparklora.pipeline.config.LocalPath;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.run.Interruption;
import org.sparklora.pipeline.run.MetricsLog;
import org.sparklora.pipeline.run.OutputFile;
import org.sparklora.pipeline.run.RunFolder;
import org.sparklora.pipeline.table.TableException;

/** Commands that read the logs of runs: {@code track}, {@code verify-run} and {@code report}. */
final class RunCommands {
  /** Longest wait for the trackers; long, since the user sees the progress. */
  private static final Duration LONGEST = Duration.ofDays(1);

  private static final long LOOK_MILLIS = 50;

  private RunCommands() {}

  /**
   * {@code track RUN}: sends the log of a run that has ended to trackers. A tracker that already
   * has some of the rows shows none twice.
   */
  static void track(Settings settings) throws IOException {
    TrackingConfig tracking = TrackingConfig.of(settings);
    ConfigException.require(
        !tracking.trackers().isEmpty(),
        Flags.REPORT_TO,
        "none",
        "say who is to be told: --report_to trackio, tensorboard, mlflow or all");
    try (RunFolder.Finished folder =
        RunFolder.claim(HadoopSettings.configuration(), settings.get(Flags.RUN))) {
      List<Map<String, Object>> rows = rows(folder.fileSystem(), folder.path());
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
                UUID.nameUUIDFromBytes(folder.path().toString().getBytes(StandardCharsets.UTF_8))
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
    if (!TrackerThread.end(trackers, LONGEST)) {
      throw new TableException(
          "Cannot tell all trackers of %s: the warnings above say why".formatted(folder.path()));
    }
    System.out.printf(
        Locale.ROOT, "%s: %,d rows as run %s%n", folder.path(), rows.size(), label.name());
  }

  /**
   * {@code verify-run RUN --baseline FILE}: fails with the differences if a run's log is not the
   * recorded one. {@code --write_baseline} records it instead.
   *
   * @throws ConfigException if run or baseline cannot be read
   * @throws RunDiffersException if the two differ
   */
  static void verify(Settings settings) throws IOException {
    Path file = LocalPath.of(settings, Flags.BASELINE);
    String name = settings.get(Flags.RUN);
    org.apache.hadoop.fs.Path folder = new org.apache.hadoop.fs.Path(name);
    FileSystem fileSystem = folder.getFileSystem(HadoopSettings.configuration());
    List<Map<String, Object>> rows = rows(fileSystem, folder);
    Baseline run = Baseline.of(RunSettings.read(fileSystem, folder), rows);
    if (settings.get(Flags.WRITE_BASELINE)) { // it replaces an existing one
      try (OutputFile out = OutputFile.open("baseline", file.toString(), true)) {
        out.write(run.toJson());
        out.finish();
      }
      System.out.printf(Locale.ROOT, "%s: recorded from %s%n", file, name);
      return;
    }
    RunComparison comparison = RunComparison.of(Baseline.parse(text(file), file.toString()), run);
    if (!comparison.agrees()) {
      System.out.print(comparison.toText());
      throw new RunDiffersException(
          "%s differs from %s in %s".formatted(name, file, comparison.summary()));
    }
    System.out.printf(
        Locale.ROOT, "%s: all %,d values are as in %s%n", name, comparison.compared(), file);
  }

  private static String text(Path file) throws IOException {
    try {
      return Files.readString(file);
    } catch (NoSuchFileException e) {
      throw new ConfigException(
          Flags.BASELINE, file, "there is no such file; record one with --write_baseline");
    }
  }

  /** The rows of a run's log, at least one. */
  private static List<Map<String, Object>> rows(
      FileSystem fileSystem, org.apache.hadoop.fs.Path folder) {
    List<Map<String, Object>> rows = MetricsLog.read(fileSystem, folder);
    ConfigException.require(
        !rows.isEmpty(),
        Flags.RUN,
        folder,
        "it holds no %s with rows; name the --output_dir of a run".formatted(MetricsLog.FILE_NAME));
    return rows;
  }

  /** {@code report}: curves and outcome of runs side by side, as files or as a live page. */
  static void report(Settings settings) throws IOException, InterruptedException {
    List<String> folders = settings.get(Flags.RUNS);
    List<String> labels = settings.find(Flags.LABELS).orElse(List.of());
    ConfigException.require(
        labels.isEmpty() || labels.size() == folders.size(),
        Flags.LABELS,
        String.join(" ", labels),
        "one for each of the %s runs is expected".formatted(folders.size()));
    if (settings.get(Flags.LIVE)) {
      serveReport(settings, folders, labels);
    } else {
      writeReport(settings, folders, labels);
    }
  }

  private static void writeReport(Settings settings, List<String> folders, List<String> labels)
      throws IOException {
    ConfigException.require(
        settings.isGiven(Flags.OUTPUT_DIR),
        Flags.OUTPUT_DIR,
        "unset",
        "name a folder for the report, or add --%s to look at it without one"
            .formatted(Flags.LIVE));
    Path output = LocalPath.of(settings, Flags.OUTPUT_DIR);
    Configuration hadoop = HadoopSettings.configuration();
    List<RunLog> runs = folders.stream().map(folder -> RunLog.read(hadoop, folder)).toList();
    RunReport.write(hadoop, output, title(settings), folders, named(runs, folders, labels));
    System.out.println(output.resolve("report.html"));
  }

  private static void serveReport(Settings settings, List<String> folders, List<String> labels)
      throws IOException, InterruptedException {
    ConfigException.require(
        settings.find(Flags.OUTPUT_DIR).isEmpty(),
        Flags.OUTPUT_DIR,
        settings.find(Flags.OUTPUT_DIR).orElse(""),
        "--%s writes no files; leave one of the two out".formatted(Flags.LIVE));
    Configuration hadoop = HadoopSettings.configuration();
    List<RunLog> runs = folders.stream().map(folder -> RunLog.begun(hadoop, folder)).toList();
    Interruption.tell(() -> "The report is no longer served");
    try (LiveReport report =
        LiveReport.start(
            hadoop,
            title(settings),
            folders,
            named(runs, folders, labels),
            settings.get(Flags.PORT))) {
      System.out.println(report.address());
      while (!Interruption.isRequested()) {
        Thread.sleep(LOOK_MILLIS);
      }
    }
  }

  private static String title(Settings settings) {
    return settings.find(Flags.TITLE).orElse("");
  }

  /** The runs with distinct names: the labels, or the runs' names, or the folders as given. */
  private static List<RunLog> named(List<RunLog> runs, List<String> folders, List<String> labels) {
    Set<String> names = new HashSet<>(runs.stream().map(RunLog::name).toList());
    List<RunLog> named = new ArrayList<>();
    for (int run = 0; run < runs.size(); run++) {
      String name = names.size() == runs.size() ? runs.get(run).name() : folders.get(run);
      named.add(runs.get(run).named(labels.isEmpty() ? name : labels.get(run)));
    }
    ConfigException.require(
        named.stream().map(RunLog::name).distinct().count() == named.size(),
        labels.isEmpty() ? "runs" : "labels",
        String.join(" ", labels.isEmpty() ? folders : labels),
        "each must be named once");
    return named;
  }
}
