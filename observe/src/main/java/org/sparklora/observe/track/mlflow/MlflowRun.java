package org.sparklora.observe.track.mlflow;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.sparklora.observe.track.sink.RunLabel;

/**
 * A snapshot of a run on an MLflow server.
 *
 * @param id the server's run id
 * @param params parameters, which never change
 * @param metrics names of its metrics
 */
record MlflowRun(
    String id,
    String experimentId,
    String artifactUri,
    Map<String, String> params,
    Map<String, String> tags,
    List<String> metrics) {
  /** Tag with the {@link RunLabel#id} of the log that the run shows. */
  static final String LOG_ID = "spark_lora.run_id";

  /** Tag of a run that the user created, which must not be deleted. */
  static final String GIVEN = "spark_lora.given_run";

  /** Parses the {@code run} of an answer. */
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

  /** Whether the run shows this log, or an earlier state of it. */
  boolean isOf(RunLabel run) {
    return run.id().equals(tags.get(LOG_ID));
  }

  boolean isGiven() {
    return tags.containsKey(GIVEN);
  }
}
