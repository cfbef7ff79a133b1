package org.sparklora.spark.track;

import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells an MLflow server of a run. MLflow takes values and never gives them back, so what is there
 * is compared with the rows before anything is sent:
 *
 * <ul>
 *   <li>values of rows that are there already, as after an answer that was lost, are not sent
 *       again;
 *   <li>values that no row stands for any more, of an attempt that was killed after the checkpoint
 *       from which the run went on, are got rid of: the run is moved to the trash and a new one
 *       takes its place. A run that somebody else has made (see {@link MlflowConfig#runId}) is
 *       kept, and its values of those steps stand.
 * </ul>
 *
 * <p>Not thread-safe.
 */
final class MlflowSink implements Sink {
  private static final Logger LOG = LoggerFactory.getLogger(MlflowSink.class);

  /** MLflow takes 1000 metrics, parameters and tags a request, of the latter two 100 each. */
  private static final int METRICS_A_REQUEST = 800;

  private static final int PARAMS_A_REQUEST = 100;
  private static final int LONGEST_PARAM = 6_000;

  private final MlflowClient client;
  private final MlflowConfig config;
  private final RunLabel label;
  private final MlflowRuns runs;
  private final MlflowArtifacts artifacts;
  private Set<StepOfMetric> taken = Set.of();
  private Optional<MlflowRun> run = Optional.empty();

  /** A value of a step, whenever it was logged. */
  private record StepOfMetric(String key, long step) {
    static StepOfMetric of(MlflowPoint.Place place) {
      return new StepOfMetric(place.key(), place.step());
    }
  }

  /**
   * @param artifacts of the run's folder
   */
  MlflowSink(MlflowClient client, MlflowConfig config, RunLabel label, MlflowArtifacts artifacts) {
    this.client = client;
    this.config = config;
    this.label = label;
    this.runs = new MlflowRuns(client, config, label);
    this.artifacts = artifacts;
  }

  @Override
  public void replay(List<TrackedRow> rows) throws IOException {
    Optional<MlflowRun> found = runs.find();
    Set<MlflowPoint.Place> there = new HashSet<>();
    taken = new HashSet<>();
    if (found.isPresent()) {
      there.addAll(runs.places(found.get(), found.get().metrics()));
      List<MlflowPoint.Place> superseded = superseded(found.get(), there, rows);
      if (!superseded.isEmpty() && config.runId().isEmpty() && !found.get().isGiven()) {
        runs.delete(found.get());
        found = Optional.empty();
        there.clear();
      } else {
        superseded.forEach(place -> taken.add(StepOfMetric.of(place)));
      }
    }
    Instant start = rows.isEmpty() ? Instant.now() : rows.get(0).time();
    MlflowRun current = found.isPresent() ? found.get() : runs.create(start.toEpochMilli());
    run = Optional.of(current);
    if (found.isPresent()) {
      update(current, "RUNNING", Map.of());
      logTags(current, runs.tags());
    }
    logParams(current);
    List<MlflowPoint> missing =
        rows.stream()
            .flatMap(row -> MlflowPoint.of(row).stream())
            .filter(point -> !there.contains(point.place()) && !isTaken(point))
            .toList();
    log(current, missing);
    for (TrackedRow row : rows) {
      logTags(current, alerts(row));
      artifacts.writeCompletions(current, row);
    }
    LOG.info(
        "MLflow shows this run at {}/#/experiments/{}/runs/{}",
        client.server(),
        current.experimentId(),
        current.id());
  }

  /** What an earlier attempt has told and the log, cut back since, does not hold. */
  private List<MlflowPoint.Place> superseded(
      MlflowRun found, Set<MlflowPoint.Place> there, List<TrackedRow> rows) {
    if (!found.isOf(label)) {
      return List.of();
    }
    Set<MlflowPoint.Place> kept = new HashSet<>();
    Set<String> keys = new HashSet<>();
    for (TrackedRow row : rows) {
      MlflowPoint.of(row).forEach(point -> kept.add(point.place()));
    }
    kept.forEach(place -> keys.add(place.key()));
    long lastMillis =
        rows.isEmpty() ? Long.MIN_VALUE : rows.get(rows.size() - 1).time().toEpochMilli();
    // metrics that others have added to the run are none of ours
    return there.stream()
        .filter(place -> !kept.contains(place) && place.timestampMillis() >= lastMillis)
        .filter(place -> rows.isEmpty() || keys.contains(place.key()))
        .toList();
  }

  private boolean isTaken(MlflowPoint point) {
    return taken.contains(StepOfMetric.of(point.place()));
  }

  @Override
  public void append(TrackedRow row) throws IOException {
    MlflowRun current = run.orElseThrow(() -> new IllegalStateException("Nothing was replayed"));
    List<MlflowPoint> points =
        MlflowPoint.of(row).stream().filter(point -> !isTaken(point)).toList();
    try {
      log(current, points);
    } catch (MlflowException e) {
      throw e;
    } catch (IOException lost) {
      // the values may have arrived all the same, which the server knows
      Set<MlflowPoint.Place> there =
          runs.places(current, points.stream().map(point -> point.place().key()).toList());
      log(current, points.stream().filter(point -> !there.contains(point.place())).toList());
    }
    logTags(current, alerts(row));
    artifacts.writeCompletions(current, row);
  }

  private void log(MlflowRun current, List<MlflowPoint> points) throws IOException {
    for (int from = 0; from < points.size(); from += METRICS_A_REQUEST) {
      List<Map<String, Object>> metrics =
          points.subList(from, Math.min(from + METRICS_A_REQUEST, points.size())).stream()
              .map(MlflowPoint::toJson)
              .toList();
      client.post("runs/log-batch", Map.of("run_id", current.id(), "metrics", metrics));
    }
  }

  private void logTags(MlflowRun current, Map<String, String> tags) throws IOException {
    if (!tags.isEmpty()) {
      client.post("runs/log-batch", Map.of("run_id", current.id(), "tags", MlflowRuns.pairs(tags)));
    }
  }

  /** A tag an alert, since MLflow has no others for them. */
  private static Map<String, String> alerts(TrackedRow row) {
    Map<String, String> tags = new LinkedHashMap<>();
    row.alerts()
        .forEach(
            alert ->
                tags.put(
                    "alert." + MlflowPoint.key(alert.title()),
                    "%s after step %d: %s"
                        .formatted(alert.level().word(), row.step(), alert.text())));
    return tags;
  }

  /** A parameter never changes on a server; what a resumed run has changed becomes a tag. */
  private void logParams(MlflowRun current) throws IOException {
    List<Map<String, String>> missing = new ArrayList<>();
    Map<String, String> changed = new LinkedHashMap<>();
    label.settings().entrySet().stream()
        .filter(setting -> setting.getValue() != null)
        .limit(config.maxParams())
        .forEach(
            setting -> {
              String key = MlflowPoint.key(setting.getKey());
              String value =
                  MlflowRuns.shortened(String.valueOf(setting.getValue()), LONGEST_PARAM);
              String known = current.params().get(key);
              if (known == null) {
                missing.add(Map.of("key", key, "value", value));
              } else if (!known.equals(value)) {
                changed.put("changed." + key, value);
              }
            });
    for (int from = 0; from < missing.size(); from += PARAMS_A_REQUEST) {
      client.post(
          "runs/log-batch",
          Map.of(
              "run_id",
              current.id(),
              "params",
              missing.subList(from, Math.min(from + PARAMS_A_REQUEST, missing.size()))));
    }
    logTags(current, changed);
  }

  @Override
  public void end(List<TrackedRow> rows) throws IOException {
    MlflowRun current = run.orElseThrow(() -> new IllegalStateException("Nothing was replayed"));
    RunEnding ending = RunEnding.of(rows);
    long endMillis =
        rows.isEmpty()
            ? System.currentTimeMillis()
            : rows.get(rows.size() - 1).time().toEpochMilli();
    update(current, ending.name(), Map.of("end_time", endMillis));
    if (ending == RunEnding.FINISHED) {
      artifacts.writeResults(current);
    }
  }

  private void update(MlflowRun current, String status, Map<String, Object> more)
      throws IOException {
    Map<String, Object> body = new LinkedHashMap<>(more);
    body.put("run_id", current.id());
    body.put("status", status);
    client.post("runs/update", body);
  }

  @Override
  public void close() {
    run = Optional.empty();
  }
}
