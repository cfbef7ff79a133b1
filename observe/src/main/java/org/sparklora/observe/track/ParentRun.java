package org.sparklora.observe.track;

import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The parent in MLflow of several runs, such as a sweep's trials. It is found again by the label's
 * id. A failure to reach MLflow is logged, never thrown, and {@link #below} retries after a minute.
 * Not thread-safe.
 */
public final class ParentRun {
  private static final Logger LOG = LoggerFactory.getLogger(ParentRun.class);
  private static final long PAUSE_NANOS = 60_000_000_000L;

  /** The step of all metrics of a parent, which has no steps of its own. */
  private static final int STEP = 0;

  private final TrackingConfig tracking;
  private final RunLabel label;
  private final Optional<Connection> connection;
  private Optional<MlflowRun> run = Optional.empty();
  private Optional<Long> failedNanos = Optional.empty();

  private record Connection(MlflowRuns runs, MlflowBatches batches, MlflowArtifacts artifacts) {
    static Connection of(MlflowConfig config, RunLabel label, FileSystem fileSystem, Path folder) {
      MlflowClient client = new MlflowClient(config.server());
      return new Connection(
          new MlflowRuns(client, config, label),
          new MlflowBatches(client, config.maxParams()),
          new MlflowArtifacts(client, config, fileSystem, folder));
    }
  }

  private interface Attempt {
    void run() throws IOException;
  }

  private ParentRun(TrackingConfig tracking, RunLabel label, Optional<Connection> connection) {
    this.tracking = tracking;
    this.label = label;
    this.connection = connection;
  }

  /**
   * Creates the connection; sends nothing yet.
   *
   * @param folder the folder whose files {@link #finish} uploads
   */
  public static ParentRun of(
      TrackingConfig tracking, RunLabel label, FileSystem fileSystem, Path folder) {
    return new ParentRun(
        tracking,
        label,
        tracking.mlflow().map(config -> Connection.of(config, label, fileSystem, folder)));
  }

  /** The tracking settings of a child run; empty while MLflow is configured but does not answer. */
  public Optional<TrackingConfig> below() {
    if (connection.isEmpty()) {
      return Optional.of(tracking);
    }
    if (run.isEmpty()
        && failedNanos.stream().allMatch(at -> System.nanoTime() - at > PAUSE_NANOS)) {
      attempt(() -> begin(connection.get()));
    }
    return run.map(parent -> tracking.below(parent));
  }

  private void begin(Connection server) throws IOException {
    Optional<MlflowRun> found = server.runs().find();
    MlflowRun parent =
        found.isPresent() ? found.get() : server.runs().create(System.currentTimeMillis());
    if (found.isPresent()) {
      server.batches().running(parent);
      server.batches().tags(parent, server.runs().tags());
    }
    server.batches().params(parent, label.settings());
    run = Optional.of(parent);
  }

  /**
   * Marks the parent run as finished, and uploads its results.
   *
   * @param metrics results; those that the server already has are not sent again
   * @param params chosen settings; those that the server already has are not sent again
   */
  public void finish(Map<String, Double> metrics, Map<String, Object> params) {
    failedNanos = Optional.empty();
    below();
    attempt(
        () -> {
          if (connection.isPresent() && run.isPresent()) {
            MlflowRun parent = run.get();
            MlflowBatches batches = connection.get().batches();
            batches.metrics(parent, missing(connection.get(), parent, metrics));
            batches.params(parent, params);
            connection.get().artifacts().writeFiles(parent);
            batches.status(parent, RunEnding.FINISHED, System.currentTimeMillis());
          }
        });
  }

  private static List<MlflowPoint> missing(
      Connection server, MlflowRun parent, Map<String, Double> metrics) throws IOException {
    Set<String> there = new HashSet<>();
    server.runs().places(parent, metrics.keySet()).forEach(place -> there.add(place.key()));
    long now = System.currentTimeMillis();
    return metrics.entrySet().stream()
        .filter(metric -> !there.contains(metric.getKey()) && Double.isFinite(metric.getValue()))
        .map(
            metric ->
                new MlflowPoint(
                    new MlflowPoint.Place(MlflowPoint.key(metric.getKey()), STEP, now),
                    metric.getValue()))
        .toList();
  }

  /** Marks the parent run as stopped before its end; it can be resumed. */
  public void stop() {
    attempt(
        () -> {
          if (connection.isPresent() && run.isPresent()) {
            connection
                .get()
                .batches()
                .status(run.get(), RunEnding.KILLED, System.currentTimeMillis());
          }
        });
  }

  private void attempt(Attempt attempt) {
    try {
      attempt.run();
    } catch (IOException | RuntimeException e) {
      LOG.warn("MLflow cannot be told of {} ({})", label.name(), e.getMessage());
      failedNanos = Optional.of(System.nanoTime());
    }
  }
}
