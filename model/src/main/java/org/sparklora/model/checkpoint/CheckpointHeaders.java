package org.sparklora.model.checkpoint;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.text.json.CheckpointException;

/**
 * A checkpoint's {@code config.json}, and what the headers of its safetensors files say, some
 * kilobytes of many gigabytes. The files must have their full length, but the weights in them are
 * not read.
 *
 * @param config the decoder's shape
 * @param matrixType the type that the decoder's matrices are stored in: bfloat16 if all of them
 *     are, or, without a safetensors file, if {@code config.json} says so; else float32
 */
public record CheckpointHeaders(DecoderConfig config, DType matrixType) {

  /**
   * @throws CheckpointException if there is no {@code config.json}; if there are weights, also as
   *     {@link CheckpointFolder#open} does
   */
  public static CheckpointHeaders read(Path folder) throws IOException {
    if (!Files.exists(folder.resolve(CheckpointFolder.SINGLE_FILE))
        && !Files.exists(folder.resolve(CheckpointFolder.INDEX))) {
      DecoderConfig config = DecoderConfig.read(folder.resolve(CheckpointFolder.CONFIG));
      return of(config, config.dtype().equals("bfloat16"));
    }
    try (CheckpointFolder checkpoint = CheckpointFolder.open(folder)) {
      return of(checkpoint.config(), checkpoint.hasBfloat16MatricesAlone());
    }
  }

  private static CheckpointHeaders of(DecoderConfig config, boolean isBfloat16) {
    return new CheckpointHeaders(config, isBfloat16 ? DType.BFLOAT16 : DType.FLOAT32);
  }
}
