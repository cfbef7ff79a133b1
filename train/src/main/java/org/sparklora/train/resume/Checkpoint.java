package org.sparklora.train.resume;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.sparklora.model.ParameterLayout;
import org.sparklora.model.WeightLayout;
import org.sparklora.model.checkpoint.CheckpointFolder;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.lora.AdapterFile;
import org.sparklora.pipeline.table.TableException;
import org.sparklora.text.json.JsonProblem;
import org.sparklora.train.TrainerState;

/**
 * A {@code checkpoint-N} folder: an adapter in PEFT's layout or a model in transformers', {@code
 * trainer_state.json}, and beside them {@code optimizer.safetensors} and {@code resume_state.json}
 * in place of torch's pickles.
 */
public record Checkpoint(Path folder, ResumeState state) {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final TypeReference<List<Map<String, Object>>> ROWS = new TypeReference<>() {};

  /** Adds the files for resuming to a model's folder; {@code moments}, AdamW's, are (2·P). */
  public static void addResumeState(
      Path folder,
      RunFingerprint fingerprint,
      ParameterLayout layout,
      Tensor moments,
      TrainerState state)
      throws IOException {
    OptimizerFile.ADAMW.write(folder, layout, moments);
    ResumeState.of(folder, fingerprint, state).write(folder);
  }

  /**
   * Opens a checkpoint for resuming, and checks all of its files.
   *
   * @param name the checkpoint as the user names it, for messages
   * @throws org.sparklora.pipeline.config.ConfigException if a file is missing or damaged
   */
  public static Checkpoint open(Path folder, String name) throws IOException {
    return new Checkpoint(folder, ResumeState.read(folder, name));
  }

  public RunFingerprint fingerprint() {
    return state.fingerprint();
  }

  public int step() {
    return state.sums().steps();
  }

  public void restore(TrainerState log) throws IOException {
    log.resume(state.sums(), state.best(), state.window(), history());
  }

  private List<Map<String, Object>> history() throws IOException {
    Path file = folder.resolve(TrainerState.FILE_NAME);
    try {
      return JSON.convertValue(JSON.readTree(file.toFile()).required("log_history"), ROWS);
    } catch (JsonProcessingException | IllegalArgumentException e) {
      throw new TableException(
          "Cannot read log_history in %s (%s): it is damaged; go on from an earlier checkpoint"
              .formatted(file, JsonProblem.of(e)),
          e);
    }
  }

  /** Overwrites parameters and moments with the stored ones. */
  public void restore(
      ParameterLayout layout, DecoderConfig model, Engine engine, Tensor parameters, Tensor moments)
      throws IOException {
    loadParameters(folder, layout, model, engine, parameters);
    OptimizerFile.ADAMW.load(folder, layout, engine, moments);
  }

  /** Overwrites parameters with those of a checkpoint, which may lack the files for resuming. */
  public static void loadParameters(
      Path folder, ParameterLayout layout, DecoderConfig model, Engine engine, Tensor parameters)
      throws IOException {
    if (layout instanceof WeightLayout weights) {
      try (CheckpointFolder checkpoint = CheckpointFolder.open(folder)) {
        weights.load(checkpoint, engine, parameters);
      }
    } else {
      AdapterFile.open(folder, model).load(engine, parameters);
    }
  }

  /** Whether a file is only for resuming; tables hold the rows of unfinished rounds. */
  public static boolean isForResuming(String fileName) {
    return fileName.equals(ResumeState.FILE_NAME)
        || OptimizerFile.isOne(fileName)
        || fileName.endsWith(".parquet");
  }
}
