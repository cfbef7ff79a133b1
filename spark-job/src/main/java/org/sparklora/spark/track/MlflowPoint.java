package org.sparklora.spark.track;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One value of a metric, as MLflow keeps it.
 *
 * @param place what tells it from other values
 */
record MlflowPoint(Place place, double value) {
  private static final int LONGEST_KEY = 250;

  /**
   * Where a value stands. The value is no part of it, since a database may round it.
   *
   * @param key the metric's name
   * @param step optimizer steps
   * @param timestampMillis when it was logged, since 1970
   */
  record Place(String key, long step, long timestampMillis) {}

  /** The values of a row, by the names under which they were logged. */
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

  /** A name as MLflow takes it for metrics and parameters. */
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

  /** As a request has it. */
  Map<String, Object> toJson() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("key", place.key());
    json.put("value", value);
    json.put("timestamp", place.timestampMillis());
    json.put("step", place.step());
    return json;
  }
}
