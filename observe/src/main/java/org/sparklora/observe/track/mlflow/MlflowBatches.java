package org.sparklora.observe.track.mlflow;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Sends metrics, parameters and tags of a run to an MLflow server, in batches within the server's
 * limits, and the run's status. Not thread-safe.
 */
final class MlflowBatches {
  /** MLflow's limit per request is 1000 entries, with at most 100 parameters and 100 tags. */
  private static final int METRICS_A_REQUEST = 800;

  private static final int PARAMS_A_REQUEST = 100;
  private static final int LONGEST_PARAM = 6_000;
  private static final String CALL = "runs/log-batch";

  private final MlflowClient client;
  private final int maxParams;

  /**
   * @param maxParams most parameters of a run
   */
  MlflowBatches(MlflowClient client, int maxParams) {
    this.client = client;
    this.maxParams = maxParams;
  }

  void metrics(MlflowRun run, List<MlflowPoint> points) throws IOException {
    for (int from = 0; from < points.size(); from += METRICS_A_REQUEST) {
      List<Map<String, Object>> metrics =
          points.subList(from, Math.min(from + METRICS_A_REQUEST, points.size())).stream()
              .map(MlflowPoint::toJson)
              .toList();
      client.post(CALL, Map.of("run_id", run.id(), "metrics", metrics));
    }
  }

  void tags(MlflowRun run, Map<String, String> tags) throws IOException {
    if (!tags.isEmpty()) {
      client.post(CALL, Map.of("run_id", run.id(), "tags", MlflowRuns.pairs(tags)));
    }
  }

  /** Sends parameters, which MLflow never changes; settings changed on resume become tags. */
  void params(MlflowRun run, Map<String, Object> settings) throws IOException {
    List<Map<String, String>> missing = new ArrayList<>();
    texts(settings)
        .forEach(
            (key, value) -> {
              if (!run.params().containsKey(key)) {
                missing.add(Map.of("key", key, "value", value));
              }
            });
    for (int from = 0; from < missing.size(); from += PARAMS_A_REQUEST) {
      client.post(
          CALL,
          Map.of(
              "run_id",
              run.id(),
              "params",
              missing.subList(from, Math.min(from + PARAMS_A_REQUEST, missing.size()))));
    }
    Map<String, String> tags = new LinkedHashMap<>();
    changed(run, settings).forEach((key, value) -> tags.put("changed." + key, value));
    tags(run, tags);
  }

  /** The settings, by key, that differ from the server's parameters. */
  Map<String, String> changed(MlflowRun run, Map<String, Object> settings) {
    Map<String, String> changed = new TreeMap<>(texts(settings));
    changed
        .entrySet()
        .removeIf(
            setting ->
                setting
                    .getValue()
                    .equals(run.params().getOrDefault(setting.getKey(), setting.getValue())));
    return changed;
  }

  /** At most {@link #maxParams} settings, as the keys and texts that the server accepts. */
  private Map<String, String> texts(Map<String, Object> settings) {
    Map<String, String> texts = new LinkedHashMap<>();
    settings.entrySet().stream()
        .filter(setting -> setting.getValue() != null)
        .limit(maxParams)
        .forEach(
            setting ->
                texts.put(
                    MlflowPoint.key(setting.getKey()),
                    MlflowRuns.shortened(String.valueOf(setting.getValue()), LONGEST_PARAM)));
    return texts;
  }

  /** Marks the run as running. */
  void running(MlflowRun run) throws IOException {
    client.post("runs/update", Map.of("run_id", run.id(), "status", "RUNNING"));
  }

  /** Marks the run as ended. */
  void status(MlflowRun run, RunEnding ending, long endMillis) throws IOException {
    client.post(
        "runs/update", Map.of("run_id", run.id(), "status", ending.name(), "end_time", endMillis));
  }
}
