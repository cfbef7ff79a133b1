package org.sparklora.spark;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.spark.sql.SparkSession;
import org.sparklora.pipeline.config.CommandLine;

/** A run of {@code sft} on a tiny model, in a folder of its own, and what it left there. */
record SftRun(Path output, List<String> flags) {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** A run of ten steps on ten rows, in PyTorch's shuffled order. */
  static SftRun tiny(Path model, Path output, String... more) {
    List<String> flags =
        new ArrayList<>(
            List.of(
                "--model_name_or_path",
                model.toString(),
                "--dataset_name",
                "src/test/resources/sft/ragged_2epochs/dataset.jsonl",
                "--packed_dir",
                model.resolveSibling("packed").toString(),
                "--learning_rate",
                "1e-3",
                "--max_steps",
                "10",
                "--per_device_train_batch_size",
                "1",
                "--logging_steps",
                "1",
                "--disable_tqdm"));
    flags.addAll(List.of(more));
    return new SftRun(output, flags);
  }

  /** The same into another folder, with some flags more. */
  SftRun into(Path folder, String... more) {
    List<String> all = new ArrayList<>(flags);
    all.addAll(List.of(more));
    return new SftRun(folder, all);
  }

  SftRun with(String... more) {
    return into(output, more);
  }

  /** The arguments of {@code spark-lora sft}. */
  List<String> arguments() {
    List<String> all = new ArrayList<>(flags);
    all.addAll(List.of("--output_dir", output.toString()));
    return all;
  }

  SftRun run(SparkSession spark) throws IOException {
    SftJob.run(spark, SftConfig.of(CommandLine.parse("sft", arguments()).settings()));
    return this;
  }

  byte[] file(String name) throws IOException {
    return Files.readAllBytes(output.resolve(name));
  }

  /** The trained parameters as their file holds them. */
  byte[] weights() throws IOException {
    return Files.exists(output.resolve("adapter_model.safetensors"))
        ? file("adapter_model.safetensors")
        : file("model.safetensors");
  }

  JsonNode state() throws IOException {
    return JSON.readTree(output.resolve("trainer_state.json").toFile());
  }

  /** The rows of the log without times and memory, which no two runs share. */
  List<String> history() throws IOException {
    List<String> rows = new ArrayList<>();
    state().get("log_history").forEach(row -> rows.add(withoutMeasurements(row)));
    return rows;
  }

  /** The same of {@code metrics.jsonl}. */
  List<String> metrics() throws IOException {
    List<String> rows = new ArrayList<>();
    for (String line : Files.readAllLines(output.resolve("metrics.jsonl"))) {
      rows.add(withoutMeasurements(JSON.readTree(line)));
    }
    return rows;
  }

  private static String withoutMeasurements(JsonNode row) {
    ObjectNode copy = row.deepCopy();
    List<String> names = new ArrayList<>();
    copy.fieldNames().forEachRemaining(names::add);
    copy.remove(
        names.stream()
            .filter(
                name ->
                    name.endsWith("_runtime")
                        || name.endsWith("_per_second")
                        || name.startsWith("peak_memory")
                        || name.equals("averaging_error")
                        || Set.of("timestamp", "run_id").contains(name))
            .toList());
    return copy.toString();
  }

  /** Names of what lies in the output folder. */
  List<String> names() throws IOException {
    return names(output);
  }

  static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  /** Copies a folder with all that is in it. */
  static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> tree = Files.walk(from)) {
      for (Path path : tree.toList()) {
        Path target = to.resolve(from.relativize(path).toString());
        if (Files.isDirectory(path)) {
          Files.createDirectories(target);
        } else {
          Files.copy(path, target);
        }
      }
    }
  }
}
