package org.sparklora.model.checkpoint;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.sparklora.model.checkpoint.SafeTensors.TensorInfo;
import org.sparklora.model.engine.DType;
import org.sparklora.text.json.CheckpointException;

/**
 * What a checkpoint says about itself: {@code config.json} and the headers of its safetensors
 * files, some kilobytes of many gigabytes. The weights need not be there.
 *
 * @param config the decoder's shape
 * @param tensors by name, as the headers list them; empty without a safetensors file
 */
public record CheckpointHeaders(DecoderConfig config, Map<String, TensorInfo> tensors) {

  /**
   * Reads a folder.
   *
   * @throws CheckpointException if there is no {@code config.json}, a header is damaged, or the
   *     headers lack a tensor that the config asks for or give it another shape
   */
  public static CheckpointHeaders read(Path folder) throws IOException {
    DecoderConfig config = DecoderConfig.read(folder.resolve(CheckpointFolder.CONFIG));
    Map<String, TensorInfo> tensors = new LinkedHashMap<>();
    Path single = folder.resolve(CheckpointFolder.SINGLE_FILE);
    Path index = folder.resolve(CheckpointFolder.INDEX);
    if (Files.isRegularFile(single)) {
      tensors.putAll(tensors(single));
    } else if (Files.isRegularFile(index)) {
      for (String shard : new TreeSet<>(CheckpointFolder.shards(index).values())) {
        tensors.putAll(tensors(folder.resolve(shard)));
      }
    }
    if (!tensors.isEmpty()) {
      CheckpointFolder.check(folder, config, tensors);
    }
    return new CheckpointHeaders(config, Map.copyOf(tensors));
  }

  /**
   * What the decoder's matrices are stored in: bfloat16 if all of them are, or, without headers, if
   * {@code config.json} says so; else float32.
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

  /**
   * What the header of one file lists, by name; the file may end with it.
   *
   * @throws CheckpointException if it is not there, cut or damaged
   */
  public static Map<String, TensorInfo> tensors(Path safetensors) throws IOException {
    if (!Files.isRegularFile(safetensors)) {
      throw SafeTensors.missing(safetensors);
    }
    return SafeTensorsHeader.readAlone(safetensors).tensors();
  }
}
