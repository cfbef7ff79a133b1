package org.sparklora.observe.track.mlflow;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.sparklora.observe.track.sink.Alert;
import org.sparklora.observe.track.sink.RunLabel;
import org.sparklora.observe.track.sink.TrackedRow;

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

  /** Tag of such a run, which several logs may share: the log's start, milliseconds since 1970. */
  static final String BEGUN = "spark_lora.begun";

  /** How a run ended according to its log, as MLflow's run status. */
  enum Ending {
    /** All steps were taken. */
    FINISHED,
    /** An error stopped the run. */
    FAILED,
    /** The run was interrupted, killed or stopped with steps left, and can be resumed. */
    KILLED;

    /** The metric, named by transformers, that only the last row of a complete run has. */
    private static final String SUMMARY = "train_runtime";

    static Ending of(Optional<TrackedRow> last) {
      if (last.filter(row -> row.metrics().containsKey(SUMMARY)).isPresent()) {
        return FINISHED;
      }
      return last.stream()
              .flatMap(row -> row.alerts().stream())
              .anyMatch(alert -> alert.level() == Alert.Level.ERROR)
          ? FAILED
          : KILLED;
    }
  }

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

  /** The start of the log that the run shows; all values of a created run are the log's. */
  long begun() {
    return Long.parseLong(tags.getOrDefault(BEGUN, String.valueOf(Long.MIN_VALUE)));
  }

  boolean isGiven() {
    return tags.containsKey(GIVEN);
  }
}
