package org.sparklora.observe.track.mlflow;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.observe.track.sink.TrackedRow;
import org.sparklora.pipeline.run.MetricsLog;

/**
 * Uploads files of a run through an MLflow server: figures, settings and log at the top, adapter or
 * model below {@code model}. Registers the model if {@code registered_model_name} is set.
 *
 * <p>Not thread-safe.
 */
final class MlflowArtifacts {
  /** The folder of adapter or model. */
  static final String MODEL = "model";

  private static final Logger LOG = LoggerFactory.getLogger(MlflowArtifacts.class);
  private static final Pattern FIGURES_AND_SETTINGS =
      Pattern.compile(".+\\.png|.+_config\\.yaml|trainer_state\\.json");
  private static final Pattern PROXIED = Pattern.compile("mlflow-artifacts:(?://[^/]*)?/(.+)");
  private static final Set<String> EXISTS = Set.of("RESOURCE_ALREADY_EXISTS", "ALREADY_EXISTS");
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS);

  private final MlflowClient client;
  private final MlflowConfig config;
  private final FileSystem fileSystem;
  private final Path folder;
  private boolean warned;

  /**
   * @param folder the run's folder
   */
  MlflowArtifacts(MlflowClient client, MlflowConfig config, FileSystem fileSystem, Path folder) {
    this.client = client;
    this.config = config;
    this.fileSystem = fileSystem;
    this.folder = folder;
  }

  /** Uploads a row's completions in the format of MLflow's {@code log_table}. */
  void writeCompletions(MlflowRun run, TrackedRow row) throws IOException {
    Optional<String> root = root(run);
    if (row.completions().isEmpty() || root.isEmpty()) {
      return;
    }
    List<?> columns = List.copyOf(row.completions().get(0).keySet());
    List<List<Object>> data = new ArrayList<>();
    for (Map<?, ?> completion : row.completions()) {
      List<Object> values = new ArrayList<>();
      columns.forEach(column -> values.add(completion.get(column)));
      data.add(values);
    }
    byte[] bytes = JSON.writeValueAsBytes(Map.of("columns", columns, "data", data));
    client.put(
        String.format(
            Locale.ROOT, "%s/%s/step_%06d.json", root.get(), TrackedRow.COMPLETIONS, row.step()),
        bytes.length,
        () -> new ByteArrayInputStream(bytes));
  }

  /** Uploads the results in the run's folder; registers the model if configured. */
  void writeResults(MlflowRun run) throws IOException {
    Optional<String> root = root(run);
    if (root.isEmpty()) {
      if (config.registeredModelName().isPresent()) {
        throw new IOException(
            "the model cannot be registered: the run's files go to " + run.artifactUri());
      }
      return;
    }
    for (FileStatus file : fileSystem.listStatus(folder)) {
      String name = file.getPath().getName();
      boolean small = FIGURES_AND_SETTINGS.matcher(name).matches();
      boolean part = file.isFile() && !name.startsWith(".") && !name.equals(MetricsLog.FILE_NAME);
      if (part && (small || config.logsModel())) {
        write(root.get() + (small ? "/" : "/" + MODEL + "/") + name, file);
      }
    }
    if (config.registeredModelName().isPresent()) {
      register(run, config.registeredModelName().get());
    }
  }

  /** Uploads all files of the folder, without subfolders and hidden files. */
  void writeFiles(MlflowRun run) throws IOException {
    Optional<String> root = root(run);
    for (FileStatus file : root.isEmpty() ? new FileStatus[0] : fileSystem.listStatus(folder)) {
      String name = file.getPath().getName();
      if (file.isFile() && !name.startsWith(".")) {
        write(root.get() + "/" + name, file);
      }
    }
  }

  private void write(String path, FileStatus file) throws IOException {
    try {
      client.put(path, file.getLen(), () -> open(file.getPath()));
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private InputStream open(Path file) {
    try {
      return fileSystem.open(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The run's path in the server's artifacts; empty if only MLflow's client can write there. */
  private Optional<String> root(MlflowRun run) {
    var proxied = PROXIED.matcher(run.artifactUri());
    if (proxied.matches()) {
      return Optional.of(proxied.group(1).replaceAll("/+$", ""));
    }
    if (!warned) {
      warned = true;
      LOG.warn(
          "MLflow gets no files of this run: it keeps them at {}, and not behind the server (mlflow"
              + " server --serve-artifacts)",
          run.artifactUri());
    }
    return Optional.empty();
  }

  /** Creates a version of a registered model, unless this run already has one. */
  private void register(MlflowRun run, String name) throws IOException {
    try {
      client.post("registered-models/create", Map.of("name", name));
    } catch (MlflowException e) {
      if (!EXISTS.contains(e.code())) {
        throw e;
      }
    }
    JsonNode known =
        client
            .get(
                "model-versions/search",
                Map.of(
                    "filter",
                    "name = '%s' and run_id = '%s'".formatted(name.replace("'", "''"), run.id())))
            .path("model_versions");
    if (known.isEmpty()) {
      JsonNode made =
          client.post(
              "model-versions/create",
              Map.of("name", name, "source", run.artifactUri() + "/" + MODEL, "run_id", run.id()));
      LOG.info(
          "MLflow has it as version {} of {}",
          made.path("model_version").path("version").asText(),
          name);
    }
  }
}
