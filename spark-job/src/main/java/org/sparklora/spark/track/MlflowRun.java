package org.sparklora.spark.track;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A run of an MLflow server as it was when it was looked at.
 *
 * @param id the server's
 * @param experimentId of the experiment it lies in
 * @param artifactUri where its files go
 * @param params its parameters, which never change
 * @param tags its tags
 * @param metrics names of its metrics
 */
record MlflowRun(
    String id,
    String experimentId,
    String artifactUri,
    Map<String, String> params,
    Map<String, String> tags,
    List<String> metrics) {
  /** {@link RunLabel#id} of the log that is told. */
  static final String LOG_ID = "spark_lora.run_id";

  /** Whether somebody else has made the run, so that it is not ours to delete. */
  static final String GIVEN = "spark_lora.given_run";

  /** The {@code run} of an answer. */
  static MlflowRun of(JsonNode run) {
    JsonNode info = run.path("info");
    JsonNode data = run.path("data");
    List<String> metrics = new ArrayList<>();
    data.path("metrics").forEach(metric -> metrics.add(metric.path("key").asText()));
    return new MlflowRun(
        info.path("run_id").asText(),
        info.path("experiment_id").asText(),
        info.path("artifact_uri").asText(),
        pairs(data.path("params")),
        pairs(data.path("tags")),
        metrics);
  }

  private static Map<String, String> pairs(JsonNode list) {
    Map<String, String> pairs = new LinkedHashMap<>();
    list.forEach(pair -> pairs.put(pair.path("key").asText(), pair.path("value").asText()));
    return pairs;
  }

  /** Whether this log, or what it was before it was cut back, has been told to the run. */
  boolean isOf(RunLabel run) {
    return run.id().equals(tags.get(LOG_ID));
  }

  boolean isGiven() {
    return tags.containsKey(GIVEN);
  }
}
