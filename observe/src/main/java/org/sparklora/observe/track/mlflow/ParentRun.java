package org.sparklora.observe.track.mlflow;

import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.util.functional.InvocationRaisingIOE;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.observe.track.sink.RunLabel;

/**
 * The parent in MLflow of several runs, such as a sweep's trials. It is found again by the label's
 * id. A failure to reach MLflow is logged, never thrown, and {@link #below} retries after a minute.
 * Thread-safe.
 */
public final class ParentRun {
  private static final Logger LOG = LoggerFactory.getLogger(ParentRun.class);
  private static final long PAUSE_NANOS = 60_000_000_000L;

  /** The step of all metrics of a parent, which has no steps of its own. */
  private static final int STEP = 0;

  private final MlflowConfig config;
  private final RunLabel label;
  private final MlflowRuns runs;
  private final MlflowArtifacts artifacts;
  private Optional<MlflowRun> run = Optional.empty();
  private Optional<Long> failedNanos = Optional.empty();

  /** Creates the connection; sends nothing yet. {@link #finish} uploads the folder's files. */
  public ParentRun(MlflowConfig config, RunLabel label, FileSystem fileSystem, Path folder) {
    MlflowClient client = new MlflowClient(config.server());
    this.config = config;
    this.label = label;
    this.runs = new MlflowRuns(client, config, label);
    this.artifacts = new MlflowArtifacts(client, config, fileSystem, folder);
  }

  /** The settings of a child run; empty while MLflow does not answer. */
  public synchronized Optional<MlflowConfig> below() {
    if (run.isEmpty()
        && failedNanos.stream().allMatch(at -> System.nanoTime() - at > PAUSE_NANOS)) {
      attempt(() -> run = Optional.of(runs.begin(runs.find(), System.currentTimeMillis())));
    }
    return run.map(config::below);
  }

  /**
   * Marks the parent run as finished, and uploads its results.
   *
   * @param metrics results; those that the server already has are not sent again
   * @param params chosen settings; those that the server already has are not sent again
   */
  public synchronized void finish(Map<String, Double> metrics, Map<String, Object> params) {
    failedNanos = Optional.empty();
    below();
    attempt(
        () -> {
          if (run.isPresent()) {
            MlflowRun parent = run.get();
            runs.logMetrics(parent, missing(parent, metrics));
            runs.logParams(parent, params);
            runs.setStatus(parent, MlflowRun.Ending.FINISHED, System.currentTimeMillis());
            artifacts.writeFiles(parent);
          }
        });
  }

  private List<MlflowPoint> missing(MlflowRun parent, Map<String, Double> metrics)
      throws IOException {
    Set<String> there = new HashSet<>();
    List<String> keys = metrics.keySet().stream().map(MlflowPoint::key).toList();
    runs.places(parent, keys).forEach(place -> there.add(place.key()));
    long now = System.currentTimeMillis();
    return metrics.entrySet().stream()
        .filter(metric -> Double.isFinite(metric.getValue()))
        .map(
            metric ->
                new MlflowPoint(
                    new MlflowPoint.Place(MlflowPoint.key(metric.getKey()), STEP, now),
                    metric.getValue()))
        .filter(point -> !there.contains(point.place().key()))
        .toList();
  }

  /** Marks the parent run as stopped before its end; it can be resumed. */
  public synchronized void stop() {
    attempt(
        () -> {
          if (run.isPresent()) {
            runs.setStatus(run.get(), MlflowRun.Ending.KILLED, System.currentTimeMillis());
          }
        });
  }

  private void attempt(InvocationRaisingIOE attempt) {
    try {
      attempt.apply();
    } catch (IOException | RuntimeException e) {
      LOG.warn("MLflow cannot be told of {} ({})", label.name(), e.getMessage());
      failedNanos = Optional.of(System.nanoTime());
    }
  }
}
