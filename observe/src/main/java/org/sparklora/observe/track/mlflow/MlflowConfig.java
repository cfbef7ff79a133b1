package org.sparklora.observe.track.mlflow;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;

/**
 * Settings of MLflow, from the variables of its own client and of transformers' {@code
 * MLflowCallback}.
 *
 * @param server {@code MLFLOW_TRACKING_URI} and its credentials
 * @param experimentId {@code MLFLOW_EXPERIMENT_ID}
 * @param experimentName {@code MLFLOW_EXPERIMENT_NAME}, or MLflow's default
 * @param runId {@code MLFLOW_RUN_ID}: an existing run to log to; empty to create one
 * @param parentRunId {@code MLFLOW_PARENT_RUN_ID}, or with {@code MLFLOW_NESTED_RUN} the run of
 *     {@code MLFLOW_RUN_ID}
 * @param tags {@code MLFLOW_TAGS}
 * @param maxParams {@code MLFLOW_MAX_LOG_PARAMS}
 * @param logsModel {@code HF_MLFLOW_LOG_ARTIFACTS}, or true with {@code registeredModelName}
 * @param registeredModelName {@code registered_model_name}
 */
public record MlflowConfig(
    MlflowServer server,
    Optional<String> experimentId,
    String experimentName,
    Optional<String> runId,
    Optional<String> parentRunId,
    Map<String, String> tags,
    int maxParams,
    boolean logsModel,
    Optional<String> registeredModelName) {
  /** MLflow's default experiment. */
  static final String DEFAULT = "Default";

  private static final String TAGS = "MLFLOW_TAGS";
  private static final String MAX_PARAMS = "MLFLOW_MAX_LOG_PARAMS";
  private static final Set<String> TRUE = Set.of("1", "ON", "YES", "TRUE");

  /**
   * The settings in the environment.
   *
   * @param home the user's home folder
   * @throws ConfigException if a value cannot be used
   */
  public static MlflowConfig of(
      Map<String, String> environment, Path home, Optional<String> registeredModelName) {
    MlflowServer server = MlflowServer.of(environment, home);
    ConfigException.require(
        !server.isDatabricks() || registeredModelName.isEmpty(),
        Flags.REGISTERED_MODEL_NAME,
        registeredModelName.orElse(""),
        "a Databricks workspace takes no artifacts over REST; register the output folder there with"
            + " MLflow's own client");
    Optional<String> runId = MlflowServer.variable(environment, "MLFLOW_RUN_ID");
    boolean nested = isTrue(environment, "MLFLOW_NESTED_RUN");
    return new MlflowConfig(
        server,
        MlflowServer.variable(environment, "MLFLOW_EXPERIMENT_ID"),
        MlflowServer.variable(environment, "MLFLOW_EXPERIMENT_NAME").orElse(DEFAULT),
        nested ? Optional.empty() : runId,
        MlflowServer.variable(environment, "MLFLOW_PARENT_RUN_ID")
            .or(() -> nested ? runId : Optional.empty()),
        tags(MlflowServer.variable(environment, TAGS)),
        maxParams(MlflowServer.variable(environment, MAX_PARAMS)),
        registeredModelName.isPresent() || isTrue(environment, "HF_MLFLOW_LOG_ARTIFACTS"),
        registeredModelName);
  }

  /** These settings for a new run below {@code parent}, in the parent's experiment. */
  MlflowConfig below(MlflowRun parent) {
    return new MlflowConfig(
        server,
        Optional.of(parent.experimentId()),
        experimentName,
        Optional.empty(),
        Optional.of(parent.id()),
        tags,
        maxParams,
        logsModel,
        registeredModelName);
  }

  /** Whether the environment names a server and does not disable MLflow. */
  public static boolean isWanted(Map<String, String> environment) {
    return MlflowServer.variable(environment, MlflowServer.TRACKING_URI).isPresent()
        && !isTrue(environment, "DISABLE_MLFLOW_INTEGRATION");
  }

  private static boolean isTrue(Map<String, String> environment, String name) {
    return MlflowServer.variable(environment, name)
        .map(word -> TRUE.contains(word.toUpperCase(Locale.ROOT)))
        .orElse(false);
  }

  private static Map<String, String> tags(Optional<String> json) {
    Map<String, String> tags = new LinkedHashMap<>();
    if (json.isPresent()) {
      try {
        JsonNode read = new ObjectMapper().readTree(json.get());
        ConfigException.require(
            read.isObject(), TAGS, json.get(), "write a JSON object of names and texts");
        read.fields().forEachRemaining(tag -> tags.put(tag.getKey(), tag.getValue().asText()));
      } catch (JsonProcessingException e) {
        throw new ConfigException(TAGS, json.get(), "write a JSON object of names and texts");
      }
    }
    return tags;
  }

  private static int maxParams(Optional<String> text) {
    ConfigException.require(
        text.isEmpty() || text.get().matches("\\d{1,9}"),
        MAX_PARAMS,
        text.orElse(""),
        "write how many parameters to log at most");
    return text.map(Integer::parseInt).orElse(Integer.MAX_VALUE);
  }
}
