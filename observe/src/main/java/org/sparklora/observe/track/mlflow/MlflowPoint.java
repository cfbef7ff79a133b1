package org.sparklora.observe.track.mlflow;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Map;
import org.sparklora.observe.track.sink.TrackedRow;

/**
 * One value of a metric in MLflow.
 *
 * @param place key, step and time, which identify the value
 */
record MlflowPoint(Place place, double value) {
  private static final int LONGEST_KEY = 250;

  /**
   * Identifies a value, logged milliseconds since 1970, without the value, which a database may
   * round.
   */
  record Place(String key, long step, long timestampMillis) {}

  /** The values of a row, under their logged names. */
  static List<MlflowPoint> of(TrackedRow row) {
    long time = row.time().toEpochMilli();
    return row.metrics().entrySet().stream()
        .map(
            metric ->
                new MlflowPoint(
                    new Place(key(metric.getKey()), row.step(), time),
                    metric.getValue().doubleValue()))
        .toList();
  }

  /** A name that MLflow accepts for metrics and parameters: also a normalised path. */
  static String key(String name) {
    String key = name.replaceAll("[^0-9A-Za-z_\\-. :/]", "_");
    String path =
        key.substring(0, Math.min(key.length(), LONGEST_KEY))
            .replaceAll("(?:^|(?<=/))(?:\\.{0,2}/)+", "")
            .replaceAll("(?:/\\.{0,2})+$", "");
    return path.isEmpty() || path.matches("\\.{1,2}") ? "_" : path;
  }

  static Place place(JsonNode metric) {
    return new Place(
        metric.path("key").asText(),
        metric.path("step").asLong(),
        metric.path("timestamp").asLong());
  }

  /** The value as an entry of a request. */
  Map<String, Object> toJson() {
    return Map.of(
        "key", place.key(),
        "value", value,
        "timestamp", place.timestampMillis(),
        "step", place.step());
  }
}
