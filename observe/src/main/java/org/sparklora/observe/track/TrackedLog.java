package org.sparklora.observe.track;

import java.io.Closeable;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.observe.track.sink.Alert;
import org.sparklora.observe.track.sink.RunLabel;
import org.sparklora.observe.track.sink.TrackedRow;
import org.sparklora.pipeline.config.RootCause;
import org.sparklora.pipeline.run.Interruption;
import org.sparklora.pipeline.run.MetricsLog;
import org.sparklora.pipeline.run.RunFolder;
import org.sparklora.train.NonFiniteLossException;

/**
 * The log of a run, with its trackers. Each row is first written to {@code metrics.jsonl}, with the
 * run's id, the time and alerts of {@link AlertRules}, and then sent to the trackers, each on a
 * {@linkplain TrackerThread thread of its own}.
 *
 * <p>A resumed run keeps its id, so that trackers show one curve. Not thread-safe.
 */
public final class TrackedLog implements Closeable {
  private static final Logger LOG = LoggerFactory.getLogger(TrackedLog.class);

  private final MetricsLog log;
  private final String runId;
  private final AlertRules rules;
  private final List<TrackerThread> trackers;
  private final TrackedRow.Reader reader = new TrackedRow.Reader();
  private Consumer<String> follower = row -> {};
  private int step;

  private TrackedLog(MetricsLog log, String runId, AlertRules rules, List<TrackerThread> trackers) {
    this.log = log;
    this.runId = runId;
    this.rules = rules;
    this.trackers = trackers;
  }

  /** The {@code run_name}, the trackers and all settings, as YAML, of a run. */
  public record Run(String name, TrackingConfig tracking, String settings) {}

  /**
   * Begins the log of a run, or resumes it.
   *
   * @param earlier rows up to the checkpoint from which the run resumes; empty for a new run
   */
  public static TrackedLog begin(RunFolder folder, List<Map<String, Object>> earlier, Run run) {
    // a run that was killed before its first checkpoint also keeps its id
    Optional<String> knownId =
        folder.replaces()
            ? Optional.empty()
            : runId(MetricsLog.read(folder.fileSystem(), folder.path()));
    String runId = knownId.orElseGet(() -> UUID.randomUUID().toString().replace("-", ""));
    MetricsLog log = folder.begin(timed(earlier));
    TrackedLog tracked =
        new TrackedLog(
            log,
            runId,
            new AlertRules(run.tracking().maxLogProbDifference()),
            Sinks.of(
                run.tracking(),
                new RunLabel(runId, run.name(), RunSettings.parse(run.settings())),
                folder.fileSystem(),
                folder.path()));
    tracked.replay();
    return tracked;
  }

  /**
   * The rows with times: trackers recognise a row by its time, and the rows of a checkpoint of
   * another folder have none.
   */
  private static List<Map<String, Object>> timed(List<Map<String, Object>> rows) {
    String now = TrackedRow.TIME.format(Instant.now());
    List<Map<String, Object>> timed = new ArrayList<>();
    for (Map<String, Object> row : rows) {
      Map<String, Object> line = new LinkedHashMap<>(row);
      line.putIfAbsent(TrackedRow.TIMESTAMP, now);
      timed.add(line);
    }
    return timed;
  }

  /**
   * From now on passes each row, as JSON, to {@code who} after the trackers. An exception of {@code
   * who} is rethrown.
   */
  public void follow(Consumer<String> who) {
    follower = who;
  }

  /** The id of the run that wrote these rows. */
  public static Optional<String> runId(List<Map<String, Object>> rows) {
    return rows.stream()
        .flatMap(row -> Optional.ofNullable(row.get(TrackedRow.RUN_ID)).stream())
        .map(Object::toString)
        .reduce((first, second) -> second);
  }

  private void replay() {
    List<Map<String, Object>> rows = log.rows();
    rows.forEach(rules::check); // the rows already have these alerts
    rows.forEach(row -> step = reader.read(row).step());
    trackers.forEach(
        tracker -> tracker.begin(rows.size(), () -> new TrackedRow.Reader().read(log.rows())));
  }

  /** Logs a row. A number that is not finite becomes null. */
  public void log(Map<String, ?> row) {
    log(row, rules.check(row));
  }

  private void log(Map<String, ?> row, List<Alert> alerts) {
    Map<String, Object> line = new LinkedHashMap<>(row);
    line.replaceAll(
        (name, value) ->
            value instanceof Number n && !Double.isFinite(n.doubleValue()) ? null : value);
    line.put(TrackedRow.TIMESTAMP, TrackedRow.TIME.format(Instant.now()));
    line.put(TrackedRow.RUN_ID, runId);
    if (!alerts.isEmpty()) {
      line.put(TrackedRow.ALERTS, alerts);
    }
    log.log(line);
    TrackedRow tracked = reader.read(line);
    step = tracked.step();
    if (!Interruption.isRequested()) { // the process reports the interruption itself when it ends
      alerts.forEach(
          alert -> LOG.warn("{} after step {}: {}", alert.title(), tracked.step(), alert.text()));
    }
    trackers.forEach(tracker -> tracker.append(tracked));
    follower.accept(MetricsLog.line(line));
  }

  @FunctionalInterface
  public interface Work<E extends Exception> {
    void run() throws E;
  }

  /** Runs the logged work; logs a failure as an alert and rethrows it. */
  public <E extends Exception> void guard(Work<E> work) throws E {
    try {
      work.run();
    } catch (Exception e) { // Spark throws checked exceptions that Scala does not declare
      try {
        log(Map.of(TrackedRow.STEP, step), List.of(alert(e)));
      } catch (RuntimeException unlogged) {
        e.addSuppressed(unlogged);
      }
      throw e;
    }
  }

  private static Alert alert(Throwable failure) {
    if (Interruption.isRequested()) {
      return new Alert(Alert.Level.WARN, "Training was interrupted", Interruption.message());
    }
    return RootCause.find(failure, NonFiniteLossException.class)
        .map(loss -> new Alert(Alert.Level.ERROR, "Loss is not finite", loss.getMessage()))
        .orElseGet(
            () -> new Alert(Alert.Level.ERROR, "Training stopped", RootCause.firstLine(failure)));
  }

  @Override
  public void close() {
    try {
      log.close();
    } finally {
      TrackerThread.end(trackers); // also where the disk is full
    }
  }
}
