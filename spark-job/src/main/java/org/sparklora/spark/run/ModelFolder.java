package org.sparklora.spark.run;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.sparklora.model.ParameterLayout;
import org.sparklora.model.checkpoint.CheckpointFolder;
import org.sparklora.model.checkpoint.CheckpointWriter;
import org.sparklora.model.checkpoint.SafeTensorsWriter;
import org.sparklora.model.engine.DType;
import org.sparklora.model.engine.Tensor;

/**
 * Writes all weights of a model as a checkpoint folder: {@code model.safetensors}, {@code
 * config.json}.
 */
public final class ModelFolder {

  private ModelFolder() {}

  /**
   * Writes float32 weights, as they were trained.
   *
   * @param base the folder whose configuration is copied
   * @param parameters vector of {@code layout}
   */
  public static void write(Path folder, Path base, ParameterLayout layout, Tensor parameters)
      throws IOException {
    List<SafeTensorsWriter.Entry> entries = new ArrayList<>();
    for (ParameterLayout.Entry entry : layout.entries()) {
      Tensor view = parameters.view(entry.offset(), entry.shape());
      entries.add(SafeTensorsWriter.Entry.of(entry.name(), DType.FLOAT32, view));
    }
    try (CheckpointFolder checkpoint = CheckpointFolder.open(base)) {
      CheckpointWriter.write(folder, checkpoint.configJson(), DType.FLOAT32, entries);
    }
    CheckpointWriter.copyGenerationConfig(base, folder);
  }
}
