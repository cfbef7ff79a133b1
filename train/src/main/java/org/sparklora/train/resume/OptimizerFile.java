package org.sparklora.train.resume;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.sparklora.model.ParameterLayout;
import org.sparklora.model.checkpoint.SafeTensors;
import org.sparklora.model.checkpoint.SafeTensorsWriter;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.text.json.CheckpointException;

/**
 * A safetensors file with an optimizer's state of every trained parameter, named by torch's name of
 * the state, a dot and the parameter's name.
 *
 * @param states torch's names of the states of a parameter
 */
public record OptimizerFile(String name, List<String> states) {
  private static final List<String> MOMENTS = List.of("exp_avg", "exp_avg_sq");

  /** AdamW's two moments, {@code (2·P)}; those of worker 0 if each worker keeps its own. */
  static final OptimizerFile ADAMW = new OptimizerFile("optimizer.safetensors", MOMENTS);

  /** The momentum of the outer optimizer, {@code (P)}. */
  public static final OptimizerFile OUTER =
      new OptimizerFile("optimizer.outer.safetensors", List.of("momentum_buffer"));

  /** AdamW's moments, {@code (2·P)}, of a worker that keeps its own, by its number from 0. */
  public static OptimizerFile ofWorker(int number) {
    return number == 0
        ? ADAMW
        : new OptimizerFile("optimizer.worker-%s.safetensors".formatted(number), MOMENTS);
  }

  /** Whether a file of a checkpoint is such a file. */
  static boolean isOne(String fileName) {
    return fileName.startsWith("optimizer.");
  }

  /** Writes a state: for each of {@link #states} in turn a vector in the order of the layout. */
  public void write(Path folder, ParameterLayout layout, Tensor state) throws IOException {
    List<SafeTensorsWriter.Entry> entries = new ArrayList<>();
    for (Map.Entry<String, Tensor> one : tensors(layout, state).entrySet()) {
      entries.add(SafeTensorsWriter.Entry.of(one.getKey(), DType.FLOAT32, one.getValue()));
    }
    SafeTensorsWriter.write(folder.resolve(name), entries);
  }

  /** Views of a state by the names of the file's tensors. */
  private Map<String, Tensor> tensors(ParameterLayout layout, Tensor state) {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    for (int number = 0; number < states.size(); number++) {
      Tensor ofOne = state.view(number * layout.size(), layout.size());
      for (ParameterLayout.Entry entry : layout.entries()) {
        tensors.put(states.get(number) + "." + entry.name(), entry.in(ofOne));
      }
    }
    return tensors;
  }

  /** Overwrites a state; a {@link CheckpointException} for a file of another model or adapter. */
  public void load(Path folder, ParameterLayout layout, Engine engine, Tensor state)
      throws IOException {
    Path path = folder.resolve(name);
    try (SafeTensors file = SafeTensors.open(path)) {
      for (Map.Entry<String, Tensor> one : tensors(layout, state).entrySet()) {
        String tensor = one.getKey();
        long[] shape = one.getValue().shape();
        if (file.find(tensor).filter(info -> Arrays.equals(info.shape(), shape)).isEmpty()) {
          throw new CheckpointException(
              "Cannot resume from %s: it has no %s of shape %s; it belongs to another model or adapter",
              path, tensor, Arrays.toString(shape));
        }
        try (Tensor stored = file.map(tensor, engine)) {
          engine.copy(stored, one.getValue());
        }
      }
    }
  }
}
