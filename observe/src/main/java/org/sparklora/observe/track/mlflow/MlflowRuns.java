package org.sparklora.observe.track.mlflow;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.sparklora.observe.track.sink.RunLabel;

/**
 * Finds, creates, reads and extends the run of a log on an MLflow server, in requests within the
 * server's limits. A tag of the run has the log's id, so no state is kept beside the log. Not
 * thread-safe.
 */
final class MlflowRuns {
  private static final int PAGE = 25_000;

  /** MLflow's limit per request is 1000 entries, with at most 100 parameters and 100 tags. */
  private static final int METRICS_A_REQUEST = 800;

  private static final int PARAMS_A_REQUEST = 100;
  private static final int LONGEST_PARAM = 6_000;
  private static final int LONGEST_TAG = 8_000;

  private final MlflowClient client;
  private final MlflowConfig config;
  private final RunLabel label;
  private Optional<String> experiment = Optional.empty();

  MlflowRuns(MlflowClient client, MlflowConfig config, RunLabel label) {
    this.client = client;
    this.config = config;
    this.label = label;
  }

  /**
   * The run that {@code MLFLOW_RUN_ID} names, or the one created earlier for this log.
   *
   * @throws MlflowException if the named run does not exist
   */
  Optional<MlflowRun> find() throws IOException {
    if (config.runId().isPresent()) {
      return Optional.of(get(config.runId().get()));
    }
    JsonNode answer =
        client.post(
            "runs/search",
            Map.of(
                "experiment_ids",
                List.of(experiment()),
                "filter",
                "tags.`%s` = '%s'".formatted(MlflowRun.LOG_ID, label.id()),
                "run_view_type",
                "ACTIVE_ONLY",
                "max_results",
                1));
    return answer.path("runs").isEmpty()
        ? Optional.empty()
        : Optional.of(MlflowRun.of(answer.path("runs").path(0)));
  }

  /** The experiment for new runs; created if it does not exist. */
  private String experiment() throws IOException {
    if (experiment.isEmpty()) {
      experiment = Optional.of(findExperiment());
    }
    return experiment.get();
  }

  /** The environment's experiment; else the parent's, since MLflow's pages show one experiment. */
  private String findExperiment() throws IOException {
    if (config.experimentId().isPresent()) {
      return config.experimentId().get();
    }
    if (config.experimentName().equals(MlflowConfig.DEFAULT) && config.parentRunId().isPresent()) {
      return get(config.parentRunId().get()).experimentId();
    }
    return experiment(config.experimentName());
  }

  private MlflowRun get(String run) throws IOException {
    return MlflowRun.of(client.get("runs/get", Map.of("run_id", run)).path("run"));
  }

  private String experiment(String name) throws IOException {
    try {
      return knownExperiment(name);
    } catch (MlflowException e) {
      if (!e.code().equals("RESOURCE_DOES_NOT_EXIST")) {
        throw e;
      }
    }
    try {
      return client.post("experiments/create", Map.of("name", name)).path("experiment_id").asText();
    } catch (IOException e) { // another run may have created it, or the answer was lost
      return knownExperiment(name);
    }
  }

  private String knownExperiment(String name) throws IOException {
    JsonNode experiment =
        client.get("experiments/get-by-name", Map.of("experiment_name", name)).path("experiment");
    if ("deleted".equals(experiment.path("lifecycle_stage").asText())) {
      throw new MlflowException(
          "", "experiment %s was deleted; restore it or name another".formatted(name));
    }
    return experiment.path("experiment_id").asText();
  }

  /** Resumes the found run, or creates one, and sends its settings. */
  MlflowRun begin(Optional<MlflowRun> found, long startMillis) throws IOException {
    MlflowRun run = found.isPresent() ? found.get() : create(startMillis);
    if (found.isPresent()) {
      client.post("runs/update", Map.of("run_id", run.id(), "status", "RUNNING"));
      Map<String, String> tags = tags(startMillis);
      if (run.isOf(label)) {
        tags.remove(MlflowRun.BEGUN); // the first attempt set it
      }
      setTags(run, tags);
    }
    logParams(run, label.settings());
    return run;
  }

  private MlflowRun create(long startMillis) throws IOException {
    Map<String, Object> body =
        Map.of(
            "experiment_id", experiment(),
            "run_name", label.name(),
            "start_time", startMillis,
            "tags", pairs(tags(startMillis)));
    try {
      return MlflowRun.of(client.post("runs/create", body).path("run"));
    } catch (MlflowException e) {
      throw e;
    } catch (IOException lost) {
      return find().orElseThrow(() -> lost);
    }
  }

  private Map<String, String> tags(long startMillis) {
    Map<String, String> tags = new LinkedHashMap<>();
    tags.put("mlflow.user", System.getProperty("user.name"));
    tags.put("mlflow.source.name", "spark-lora");
    tags.put("mlflow.source.type", "JOB");
    config.parentRunId().ifPresent(parent -> tags.put("mlflow.parentRunId", parent));
    tags.putAll(config.tags());
    tags.put(MlflowRun.LOG_ID, label.id());
    if (config.runId().isPresent()) {
      tags.put(MlflowRun.GIVEN, "true");
      tags.put(MlflowRun.BEGUN, String.valueOf(startMillis));
    }
    return tags;
  }

  /** Keys and values as entries of a request. */
  private static List<Map<String, String>> pairs(Map<String, String> entries) {
    List<Map<String, String>> pairs = new ArrayList<>();
    entries.forEach(
        (key, value) -> pairs.add(Map.of("key", key, "value", shortened(value, LONGEST_TAG))));
    return pairs;
  }

  /** A text cut to a length, never within a surrogate pair, and ended by an ellipsis if cut. */
  private static String shortened(String text, int longest) {
    if (text.length() <= longest) {
      return text;
    }
    int end = longest - 1;
    return text.substring(0, Character.isHighSurrogate(text.charAt(end - 1)) ? end - 1 : end) + "…";
  }

  void logMetrics(MlflowRun run, List<MlflowPoint> points) throws IOException {
    log(run, "metrics", points.stream().map(MlflowPoint::toJson).toList(), METRICS_A_REQUEST);
  }

  void setTags(MlflowRun run, Map<String, String> tags) throws IOException {
    log(run, "tags", pairs(tags), PARAMS_A_REQUEST);
  }

  /** Sends parameters, which MLflow never changes; settings changed on resume become tags. */
  void logParams(MlflowRun run, Map<String, Object> settings) throws IOException {
    Map<String, String> missing = texts(settings);
    missing.keySet().removeAll(run.params().keySet());
    log(run, "params", pairs(missing), PARAMS_A_REQUEST);
    Map<String, String> tags = new LinkedHashMap<>();
    changed(run, settings).forEach((key, value) -> tags.put("changed." + key, value));
    setTags(run, tags);
  }

  private void log(MlflowRun run, String kind, List<?> entries, int most) throws IOException {
    for (int from = 0; from < entries.size(); from += most) {
      List<?> batch = entries.subList(from, Math.min(from + most, entries.size()));
      client.post("runs/log-batch", Map.of("run_id", run.id(), kind, batch));
    }
  }

  /** The settings, by key, that differ from the server's parameters. */
  Map<String, String> changed(MlflowRun run, Map<String, Object> settings) {
    Map<String, String> changed = new TreeMap<>(texts(settings));
    changed.keySet().retainAll(run.params().keySet());
    changed.entrySet().removeAll(run.params().entrySet());
    return changed;
  }

  /** The settings that are sent, as the keys and texts that the server accepts. */
  private Map<String, String> texts(Map<String, Object> settings) {
    Map<String, String> texts = new LinkedHashMap<>();
    settings.entrySet().stream()
        .filter(setting -> setting.getValue() != null)
        .limit(config.maxParams())
        .forEach(
            setting ->
                texts.put(
                    MlflowPoint.key(setting.getKey()),
                    shortened(String.valueOf(setting.getValue()), LONGEST_PARAM)));
    return texts;
  }

  void setStatus(MlflowRun run, MlflowRun.Ending ending, long endMillis) throws IOException {
    client.post(
        "runs/update", Map.of("run_id", run.id(), "status", ending.name(), "end_time", endMillis));
  }

  /** Moves a run to the server's trash, from which users can restore it. */
  void delete(MlflowRun run) throws IOException {
    client.post("runs/delete", Map.of("run_id", run.id()));
  }

  /** The steps and times of a run's values of some metrics. */
  Set<MlflowPoint.Place> places(MlflowRun run, Iterable<String> metrics) throws IOException {
    Set<MlflowPoint.Place> places = new HashSet<>();
    for (String metric : metrics) {
      String page = "";
      String before;
      do {
        before = page;
        Map<String, String> query = new LinkedHashMap<>();
        query.put("run_id", run.id());
        query.put("metric_key", metric);
        query.put("max_results", String.valueOf(PAGE));
        if (!page.isEmpty()) {
          query.put("page_token", page);
        }
        JsonNode answer = client.get("metrics/get-history", query);
        answer.path("metrics").forEach(value -> places.add(MlflowPoint.place(value)));
        page = answer.path("next_page_token").asText("");
      } while (!page.isEmpty() && !page.equals(before)); // a server may ignore page_token
    }
    return places;
  }
}
