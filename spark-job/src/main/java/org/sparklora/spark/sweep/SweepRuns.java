package org.sparklora.spark.sweep;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.observe.track.Sinks;
import org.sparklora.observe.track.TrackedLog;
import org.sparklora.observe.track.TrackerThread;
import org.sparklora.observe.track.TrackingConfig;
import org.sparklora.observe.track.mlflow.ParentRun;
import org.sparklora.observe.track.sink.RunLabel;
import org.sparklora.observe.track.sink.TrackedRow;
import org.sparklora.pipeline.run.MetricsLog;
import org.sparklora.pipeline.run.OutputFolder;
import org.sparklora.sweep.SweepFile;
import org.sparklora.sweep.SweepMetric;
import org.sparklora.sweep.SweepPlan;
import org.sparklora.sweep.Trial;
import org.sparklora.sweep.TrialFolder;
import org.sparklora.sweep.TrialOutcome;

/**
 * Sends a sweep to trackers: one run per trial, in MLflow below a parent run of the sweep. It reads
 * the trials' logs, so that only this process, not the executors, needs the user's environment and
 * disk. Not thread-safe.
 */
final class SweepRuns implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SweepRuns.class);

  private final Configuration hadoop;
  private final SweepPlan plan;
  private final TrackingConfig tracking;
  private final Optional<ParentRun> parent; // empty if MLflow is no tracker
  private final Map<String, Told> told = new HashMap<>(); // by trial
  private boolean finished;

  /** The trackers of a trial, and the rows sent to them. */
  private record Told(List<TrackerThread> trackers, List<Map<String, Object>> rows) {
    /** Whether {@code log} begins with the sent rows; it does not after a task started anew. */
    boolean isBegunBy(List<Map<String, Object>> log) {
      return log.size() >= rows.size() && log.subList(0, rows.size()).equals(rows);
    }
  }

  SweepRuns(Configuration hadoop, SweepPlan plan, TrackingConfig tracking) throws IOException {
    this.hadoop = hadoop;
    this.plan = plan;
    this.tracking = tracking;
    Path folder = new Path(plan.folder());
    FileSystem fileSystem = folder.getFileSystem(hadoop);
    this.parent =
        tracking.mlflow().map(mlflow -> new ParentRun(mlflow, label(plan), fileSystem, folder));
  }

  private static RunLabel label(SweepPlan plan) {
    SweepFile file = plan.file();
    Map<String, Object> settings = new LinkedHashMap<>();
    settings.put("command", file.command());
    settings.put("metric", file.metric().name());
    file.base().forEach((flag, value) -> settings.put(flag, value.text()));
    for (String flag : file.varied()) {
      Stream<String> choices = plan.trials().stream().map(trial -> trial.values().get(flag));
      settings.put(flag, choices.distinct().collect(Collectors.joining(", ")));
    }
    // equal folder and settings identify the sweep
    String id = plan.folder() + " " + settings;
    return new RunLabel(
        UUID.nameUUIDFromBytes(id.getBytes(StandardCharsets.UTF_8)).toString().replace("-", ""),
        new Path(OutputFolder.named(plan.folder())).getName(),
        settings);
  }

  /** Sends the rows that a running trial logged since the last call. */
  void follow(Trial trial) {
    if (tracking.trackers().isEmpty()) {
      return;
    }
    try {
      Path folder = new Path(new TrialFolder(hadoop, plan.folder(), trial.name()).name());
      FileSystem fileSystem = folder.getFileSystem(hadoop);
      List<Map<String, Object>> log = MetricsLog.read(fileSystem, folder);
      if (!log.isEmpty()) {
        tell(trial, log, fileSystem, folder);
      }
    } catch (IOException | RuntimeException e) {
      LOG.warn("Trackers cannot be told of trial {} ({})", trial.name(), e.getMessage());
    }
  }

  /** Sends the remaining rows of a trial that ended or stopped. */
  void ended(Trial trial) {
    follow(trial);
    Told known = told.remove(trial.name());
    if (known != null) {
      TrackerThread.end(known.trackers());
    }
  }

  private void tell(
      Trial trial, List<Map<String, Object>> log, FileSystem fileSystem, Path folder) {
    Told before = told.get(trial.name());
    List<TrackedRow> rows = new TrackedRow.Reader().read(log);
    if (before != null && before.isBegunBy(log)) {
      for (TrackedRow row : rows.subList(before.rows().size(), rows.size())) {
        before.trackers().forEach(tracker -> tracker.append(row));
      }
      told.put(trial.name(), new Told(before.trackers(), log));
      return;
    }
    if (before != null) {
      TrackerThread.end(before.trackers());
    }
    RunLabel label =
        new RunLabel(
            TrackedLog.runId(log).orElse(trial.name()),
            trial.shown(),
            new TreeMap<>(trial.settings().effective()));
    // MLflow alone waits for the sweep's run
    List<TrackerThread> trackers =
        Sinks.of(tracking, () -> parent.flatMap(ParentRun::below), label, fileSystem, folder);
    trackers.forEach(tracker -> tracker.begin(rows.size(), () -> rows(fileSystem, folder)));
    told.put(trial.name(), new Told(trackers, log));
  }

  private static List<TrackedRow> rows(FileSystem fileSystem, Path folder) {
    return new TrackedRow.Reader().read(MetricsLog.read(fileSystem, folder));
  }

  /** Ends the sweep's run, once all results are in the sweep's folder. */
  void finish(List<TrialOutcome> outcomes) {
    finished = true;
    if (tracking.trackers().isEmpty()) {
      return;
    }
    SweepMetric metric = plan.file().metric();
    Map<String, Double> metrics = new TreeMap<>();
    metrics.put("trials", (double) outcomes.size());
    Map<String, Object> params = new TreeMap<>();
    double best = Double.POSITIVE_INFINITY;
    for (TrialOutcome outcome : outcomes) {
      double value = outcome.metric(metric, TrialOutcome.END);
      if (metric.cost(value) < best) {
        best = metric.cost(value);
        metrics.put("best_" + metric.name(), value);
        outcome.values().forEach((flag, chosen) -> params.put("best_" + flag, chosen));
      }
    }
    parent.ifPresent(run -> run.finish(metrics, params));
  }

  @Override
  public void close() {
    if (!finished) {
      parent.ifPresent(ParentRun::stop);
    }
  }
}
