package org.sparklora.train.resume;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.sparklora.model.ParameterLayout;
import org.sparklora.model.checkpoint.SafeTensors;
import org.sparklora.model.checkpoint.SafeTensorsWriter;
import org.sparklora.model.engine.DType;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Tensor;
import org.sparklora.text.json.CheckpointException;

/**
 * {@code optimizer.safetensors}: AdamW's two moments of every trained parameter, named by torch's
 * {@code exp_avg} or {@code exp_avg_sq}, a dot and the parameter's name.
 */
final class OptimizerFile {
  static final String FILE_NAME = "optimizer.safetensors";
  private static final List<String> MOMENTS = List.of("exp_avg", "exp_avg_sq");

  private OptimizerFile() {}

  /**
   * @param moments the first moments in the order of the layout, then the second, {@code (2·P)}
   */
  static void write(Path folder, ParameterLayout layout, Tensor moments) throws IOException {
    List<SafeTensorsWriter.Entry> entries = new ArrayList<>();
    for (int moment = 0; moment < MOMENTS.size(); moment++) {
      for (ParameterLayout.Entry entry : layout.entries()) {
        Tensor view = moments.view(moment * layout.size() + entry.offset(), entry.shape());
        entries.add(SafeTensorsWriter.Entry.of(name(moment, entry), DType.FLOAT32, view));
      }
    }
    SafeTensorsWriter.write(folder.resolve(FILE_NAME), entries);
  }

  private static String name(int moment, ParameterLayout.Entry entry) {
    return MOMENTS.get(moment) + "." + entry.name();
  }

  /**
   * Overwrites the moments with the stored ones.
   *
   * @throws CheckpointException if the file is of another model or adapter
   */
  static void load(Path folder, ParameterLayout layout, Engine engine, Tensor moments)
      throws IOException {
    Path path = folder.resolve(FILE_NAME);
    try (SafeTensors file = SafeTensors.open(path)) {
      for (int moment = 0; moment < MOMENTS.size(); moment++) {
        for (ParameterLayout.Entry entry : layout.entries()) {
          String name = name(moment, entry);
          boolean fits =
              file.find(name)
                  .filter(info -> Arrays.equals(info.shape(), entry.shape()))
                  .isPresent();
          if (!fits) {
            throw new CheckpointException(
                "Cannot resume from %s: it has no %s of shape %s; it belongs to another model or adapter",
                path, name, Arrays.toString(entry.shape()));
          }
          try (Tensor stored = file.map(name, engine)) {
            engine.copy(
                stored, moments.view(moment * layout.size() + entry.offset(), entry.shape()));
          }
        }
      }
    }
  }
}
