package org.sparklora.train.resume;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.run.FileStamp;
import org.sparklora.text.json.JsonProblem;
import org.sparklora.train.RunningSums;
import org.sparklora.train.TrainerState;

/**
 * {@code resume_state.json} of a checkpoint: the state of a run without its tensors, and a list of
 * the checkpoint's other files. Numbers read back to the last bit.
 *
 * <p>No state of random generators is needed: the order of the rows follows from {@code data_seed},
 * that of prompts from {@code seed}, and the epoch, a dropout mask from {@code seed}, step and
 * micro-batch.
 *
 * @param formatVersion 1
 * @param sums sums so far; the run resumes after their number of steps
 * @param window measurements since the last log row that it averages
 * @param files the checkpoint's other files by their paths in it
 */
record ResumeState(
    int formatVersion,
    RunFingerprint fingerprint,
    RunningSums sums,
    TrainerState.Best best,
    Map<String, List<Double>> window,
    Map<String, FileStamp> files) {
  static final String FILE_NAME = "resume_state.json";
  static final int VERSION = 1;

  private static final JsonMapper JSON =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .enable(SerializationFeature.INDENT_OUTPUT)
          .build();

  ResumeState {
    window = window == null ? Map.of() : window; // older checkpoints have no window
  }

  /** The state of a run, listing the files already in the folder. */
  static ResumeState of(Path folder, RunFingerprint fingerprint, TrainerState state)
      throws IOException {
    Map<String, FileStamp> files = new TreeMap<>();
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path file : all.filter(Files::isRegularFile).toList()) {
        files.put(folder.relativize(file).toString().replace('\\', '/'), FileStamp.of(file));
      }
    }
    return new ResumeState(VERSION, fingerprint, state.sums(), state.best(), state.window(), files);
  }

  void write(Path folder) throws IOException {
    JSON.writeValue(folder.resolve(FILE_NAME).toFile(), this);
  }

  /**
   * Reads the state and checks every file that it lists.
   *
   * @param name of the checkpoint, for errors
   * @throws ConfigException naming the file that is missing or damaged
   */
  static ResumeState read(Path folder, String name) throws IOException {
    Path file = folder.resolve(FILE_NAME);
    if (!Files.isRegularFile(file)) {
      boolean modelOnly = !Files.isRegularFile(folder.resolve(OptimizerFile.ADAMW.name()));
      throw modelOnly
          ? unusable(
              name,
              "it holds a model without the optimizer's state, as --save_only_model and other programs leave it; an adapter can be trained on with --adapter_name_or_path")
          : damaged(name, "it lacks %s, so it is not complete".formatted(FILE_NAME));
    }
    ResumeState state;
    try {
      state = JSON.readValue(file.toFile(), ResumeState.class);
    } catch (JsonProcessingException e) {
      throw damaged(name, "its %s is damaged (%s)".formatted(FILE_NAME, JsonProblem.of(e)));
    }
    if (state == null || state.formatVersion() == VERSION && state.lacksParts()) {
      throw damaged(name, "its %s is damaged (it lacks parts)".formatted(FILE_NAME));
    }
    if (state.formatVersion() != VERSION) {
      throw unusable(
          name,
          "its %s is of version %s, this program writes %s; begin anew"
              .formatted(FILE_NAME, state.formatVersion(), VERSION));
    }
    for (Map.Entry<String, FileStamp> listed : state.files().entrySet()) {
      Optional<String> damage = listed.getValue().damageOf(folder.resolve(listed.getKey()));
      if (damage.isPresent()) {
        throw damaged(name, "its %s %s".formatted(listed.getKey(), damage.get()));
      }
    }
    return state;
  }

  private boolean lacksParts() {
    return fingerprint == null || sums == null || best == null || files == null;
  }

  private static ConfigException damaged(String name, String reason) {
    return unusable(name, reason + "; delete this folder to go on from an earlier one");
  }

  private static ConfigException unusable(String name, String reason) {
    return new ConfigException(Flags.RESUME_FROM_CHECKPOINT, name, reason);
  }
}
