package org.sparklora.observe.track.mlflow;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
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
   * Identifies a value in a run. The value itself is left out, since a database may round it.
   *
   * @param key the metric's name
   * @param step number of optimizer steps
   * @param timestampMillis time of logging, since 1970
   */
  record Place(String key, long step, long timestampMillis) {}

  /** The values of a row, under their logged names. */
  static List<MlflowPoint> of(TrackedRow row) {
    List<MlflowPoint> points = new ArrayList<>();
    row.metrics()
        .forEach(
            (name, value) ->
                points.add(
                    new MlflowPoint(
                        new Place(key(name), row.step(), row.time().toEpochMilli()),
                        value.doubleValue())));
    return points;
  }

  /** A name that MLflow accepts for metrics and parameters. */
  static String key(String name) {
    String key = name.replaceAll("[^0-9A-Za-z_\\-. :/]", "_");
    return key.substring(0, Math.min(key.length(), LONGEST_KEY));
  }

  static Place place(JsonNode metric) {
    return new Place(
        metric.path("key").asText(),
        metric.path("step").asLong(),
        metric.path("timestamp").asLong());
  }

  /** The value as an entry of a request. */
  Map<String, Object> toJson() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("key", place.key());
    json.put("value", value);
    json.put("timestamp", place.timestampMillis());
    json.put("step", place.step());
    return json;
  }
}
