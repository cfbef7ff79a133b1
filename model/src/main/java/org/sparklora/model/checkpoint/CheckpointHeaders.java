package org.sparklora.model.checkpoint;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.sparklora.model.checkpoint.SafeTensors.TensorInfo;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.text.json.CheckpointException;

/**
 * A checkpoint's {@code config.json} and the headers of its safetensors files, some kilobytes of
 * many gigabytes. The files must have their full length, but the weights in them are not read.
 *
 * @param config the decoder's shape
 * @param tensors by name, as the headers list them; empty without a safetensors file
 */
public record CheckpointHeaders(DecoderConfig config, Map<String, TensorInfo> tensors) {

  /**
   * @throws CheckpointException if there is no {@code config.json}; if there are weights, also as
   *     {@link CheckpointFolder#open} does
   */
  public static CheckpointHeaders read(Path folder) throws IOException {
    DecoderConfig config = DecoderConfig.read(folder.resolve(CheckpointFolder.CONFIG));
    if (!Files.exists(folder.resolve(CheckpointFolder.SINGLE_FILE))
        && !Files.exists(folder.resolve(CheckpointFolder.INDEX))) {
      return new CheckpointHeaders(config, Map.of());
    }
    try (CheckpointFolder checkpoint = CheckpointFolder.open(folder)) {
      return new CheckpointHeaders(config, checkpoint.tensors());
    }
  }

  /**
   * The type that the decoder's matrices are stored in: bfloat16 if all of them are, or, without
   * headers, if {@code config.json} says so; else float32.
   */
  public DType matrixType() {
    boolean bfloat16 =
        tensors.isEmpty()
            ? config.dtype().equals("bfloat16")
            : WeightNames.expected(config).entrySet().stream()
                .filter(expected -> expected.getValue().length == 2)
                .map(expected -> tensors.get(expected.getKey()).floatType())
                .allMatch(type -> type.equals(Optional.of(DType.BFLOAT16)));
    return bfloat16 ? DType.BFLOAT16 : DType.FLOAT32;
  }
}
