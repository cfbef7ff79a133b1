package org.sparklora.observe.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.sparklora.observe.track.RunSettings;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.run.MetricsLog;
import org.sparklora.pipeline.table.TableException;
import org.sparklora.text.json.JsonProblem;
import org.sparklora.train.TrainerState;

/**
 * The log of a run, finished or not: of {@code sft} or {@code grpo}, or of TRL, whose {@code
 * trainer_state.json} is read too.
 *
 * @param rows the log in order
 * @param settings of the run, by the user's names; empty if the folder has none
 */
public record RunLog(String name, List<Map<String, Object>> rows, Map<String, Object> settings) {
  /** TRL writes NaN as a literal. */
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS.mappedFeature());

  private static final TypeReference<List<Map<String, Object>>> ROWS = new TypeReference<>() {};
  private static final String STEP = "step";

  /**
   * Reads a run's folder: {@code metrics.jsonl}, which grows during a run and has its memory use;
   * else {@code trainer_state.json}, in the folder or in the latest checkpoint.
   *
   * @throws ConfigException if neither file exists or has a row
   */
  public static RunLog read(Configuration hadoop, String folder) {
    RunLog log = begun(hadoop, folder);
    ConfigException.require(
        !log.rows().isEmpty(),
        Flags.RUNS,
        folder,
        "it holds no log; name the output_dir of a run that has logged a step");
    return log;
  }

  /** Reads the folder of a run that may have logged no step yet; one without a log is refused. */
  public static RunLog begun(Configuration hadoop, String folder) {
    try {
      Path path = new Path(folder);
      FileSystem fileSystem = path.getFileSystem(hadoop);
      ConfigException.require(
          fileSystem.exists(path),
          Flags.RUNS,
          folder,
          "there is no such folder; name a run's output_dir");
      List<Map<String, Object>> rows = rows(fileSystem, path);
      ConfigException.require(
          !rows.isEmpty() || fileSystem.exists(new Path(path, MetricsLog.FILE_NAME)),
          Flags.RUNS,
          folder,
          "it holds no log; name the output_dir of a run");
      return new RunLog(path.getName(), rows, RunSettings.read(fileSystem, path));
    } catch (IOException e) {
      throw new ConfigException(
          Flags.RUNS, folder, "it cannot be read (%s)".formatted(e.getMessage()));
    }
  }

  /** The rows of steps; a last line that is still being written is left out. */
  private static List<Map<String, Object>> rows(FileSystem fileSystem, Path folder)
      throws IOException {
    List<Map<String, Object>> rows = MetricsLog.read(fileSystem, folder);
    if (rows.isEmpty()) {
      rows = history(fileSystem, folder);
    }
    return rows.stream().filter(row -> row.get(STEP) instanceof Number).toList();
  }

  private static List<Map<String, Object>> history(FileSystem fileSystem, Path folder)
      throws IOException {
    for (Path place : RunSettings.places(fileSystem, folder)) {
      Path state = new Path(place, TrainerState.FILE_NAME);
      if (fileSystem.exists(state)) {
        try (InputStream in = fileSystem.open(state)) {
          return JSON.convertValue(JSON.readTree(in).required("log_history"), ROWS);
        } catch (JsonProcessingException | IllegalArgumentException e) {
          throw new TableException(
              "Cannot read log_history in %s (%s): it is damaged; leave the run out"
                  .formatted(state, JsonProblem.of(e)),
              e);
        }
      }
    }
    return List.of();
  }

  public RunLog named(String other) {
    return new RunLog(other, rows, settings);
  }

  /**
   * The logged values of a metric, in the order of the log; NaN for null, which stands in the log
   * for values that are not finite.
   */
  Curve curve(String metric) {
    List<Map<String, Object>> logged =
        rows.stream().filter(row -> row.containsKey(metric)).toList();
    return new Curve(
        logged.stream().mapToDouble(row -> number(row, STEP)).toArray(),
        logged.stream().mapToDouble(row -> number(row, metric)).toArray());
  }

  /** The last step that is logged. */
  int steps() {
    return (int) rows.stream().mapToDouble(row -> number(row, STEP)).max().orElse(0);
  }

  boolean isFinished() {
    return !rows.isEmpty() && rows.get(rows.size() - 1).containsKey("train_runtime");
  }

  private static double number(Map<String, Object> row, String name) {
    return row.get(name) instanceof Number number ? number.doubleValue() : Double.NaN;
  }
}
