package org.sparklora.spark.track;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a run on an MLflow server is told: metrics, parameters and tags in batches of the size that
 * the server takes, and how it goes. Not thread-safe.
 */
final class MlflowBatches {
  /** MLflow takes 1000 metrics, parameters and tags a request, of the latter two 100 each. */
  private static final int METRICS_A_REQUEST = 800;

  private static final int PARAMS_A_REQUEST = 100;
  private static final int LONGEST_PARAM = 6_000;
  private static final String CALL = "runs/log-batch";

  private final MlflowClient client;
  private final int maxParams;

  /**
   * @param maxParams of a run
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

  /** A parameter never changes on a server; what a resumed run has changed becomes a tag. */
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

  /** The settings that are others than the server has as parameters, by key. */
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

  /** Keys and values as the server has them, as many as are wanted. */
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

  /** The run goes on. */
  void running(MlflowRun run) throws IOException {
    client.post("runs/update", Map.of("run_id", run.id(), "status", "RUNNING"));
  }

  /** The run has ended. */
  void status(MlflowRun run, RunEnding ending, long endMillis) throws IOException {
    client.post(
        "runs/update", Map.of("run_id", run.id(), "status", ending.name(), "end_time", endMillis));
  }
}
