package org.sparklora.spark.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.sparklora.train.meter.MachineMetrics;

/** What a run of {@code sft} or {@code grpo} left in its folder. */
public interface LoggedRun {
  /** The folder. */
  Path output();

  /** What was said on the command line, but for the folder. */
  List<String> flags();

  /** The arguments of the command. */
  default List<String> arguments() {
    List<String> all = new ArrayList<>(flags());
    all.addAll(List.of("--output_dir", output().toString()));
    return all;
  }

  /** Names of what lies in the folder. */
  default List<String> names() throws IOException {
    return names(output());
  }

  /** Names of what lies in any folder. */
  static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  default byte[] file(String name) throws IOException {
    return Files.readAllBytes(output().resolve(name));
  }

  /** The trained parameters as their file holds them. */
  default byte[] weights() throws IOException {
    return Files.exists(output().resolve("adapter_model.safetensors"))
        ? file("adapter_model.safetensors")
        : file("model.safetensors");
  }

  /**
   * How far the trained parameters are from those of another run, of their norm. Both files have
   * the same shapes, all float32.
   */
  default double distanceFrom(LoggedRun other) throws IOException {
    byte[] mine = weights();
    byte[] others = other.weights();
    if (mine.length != others.length) {
      throw new IllegalArgumentException(
          "%d bytes of parameters, and %d".formatted(mine.length, others.length));
    }
    ByteBuffer a = ByteBuffer.wrap(mine).order(ByteOrder.LITTLE_ENDIAN);
    ByteBuffer b = ByteBuffer.wrap(others).order(ByteOrder.LITTLE_ENDIAN);
    double difference = 0;
    double norm = 0;
    for (int at = Long.BYTES + (int) a.getLong(0); at < mine.length; at += Float.BYTES) {
      difference += Math.pow(a.getFloat(at) - b.getFloat(at), 2);
      norm += Math.pow(a.getFloat(at), 2);
    }
    return Math.sqrt(difference / norm);
  }

  default JsonNode state() throws IOException {
    return new ObjectMapper().readTree(file("trainer_state.json"));
  }

  /** The rows of the log. */
  default List<JsonNode> log() throws IOException {
    List<JsonNode> rows = new ArrayList<>();
    state().get("log_history").forEach(rows::add);
    return rows;
  }

  /** The same without times and memory, which no two runs share. */
  default List<String> history() throws IOException {
    return log().stream().map(LoggedRun::withoutMeasurements).toList();
  }

  /** How many rows {@code metrics.jsonl} has by now. */
  default long rowsLogged() throws IOException {
    Path log = output().resolve("metrics.jsonl");
    return Files.exists(log) ? Files.readString(log).lines().count() : 0;
  }

  /** The rows of {@code metrics.jsonl}. */
  default List<JsonNode> metricRows() throws IOException {
    List<JsonNode> rows = new ArrayList<>();
    for (String line : Files.readAllLines(output().resolve("metrics.jsonl"))) {
      rows.add(new ObjectMapper().readTree(line));
    }
    return rows;
  }

  /** The same without times and memory. */
  default List<String> metrics() throws IOException {
    return metricRows().stream().map(LoggedRun::withoutMeasurements).toList();
  }

  /** Files in {@code folder} of the job's unfinished output; none once the job has ended. */
  default Stream<Path> unfinished(String folder) {
    return list(output().getParent(), ".%s.inprogress-".formatted(output().getFileName()))
        .flatMap(run -> list(run.resolve(folder), ""));
  }

  /** Entries whose names begin so; none if the folder is missing, or removed meanwhile. */
  private static Stream<Path> list(Path folder, String prefix) {
    String[] names = folder.toFile().list((parent, name) -> name.startsWith(prefix));
    return names == null ? Stream.empty() : Stream.of(names).map(folder::resolve);
  }

  private static String withoutMeasurements(JsonNode row) {
    ObjectNode copy = row.deepCopy();
    List<String> names = new ArrayList<>();
    copy.fieldNames().forEachRemaining(names::add);
    names.removeIf(
        name -> !MachineMetrics.contain(name) && !Set.of("timestamp", "run_id").contains(name));
    return copy.remove(names).toString();
  }
}
