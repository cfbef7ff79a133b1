package org.sparklora.spark.quickstart;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.checkpoint.SafeTensorsWriter;
import org.sparklora.model.checkpoint.WeightNames;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.Tensor;

/**
 * Writes an untrained model: matrices normal with deviation 0.02, norms one, biases zero, as
 * transformers initialises its decoders. Deterministic for a seed.
 */
public final class RandomCheckpoint {
  private static final double DEVIATION = 0.02;

  private RandomCheckpoint() {}

  /**
   * Copies the small files of {@code source} (config, tokenizer) and adds {@code
   * model.safetensors}.
   */
  public static void write(Path source, Path output, long seed) throws IOException {
    Files.createDirectories(output);
    try (DirectoryStream<Path> files = Files.newDirectoryStream(source, "*.json")) {
      for (Path file : files) {
        Files.copy(file, output.resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
      }
    }
    Engine engine = Engines.host();
    SplittableRandom random = new SplittableRandom(seed);
    List<SafeTensorsWriter.Entry> entries = new ArrayList<>();
    for (Map.Entry<String, long[]> weight :
        WeightNames.expected(DecoderConfig.read(output.resolve("config.json"))).entrySet()) {
      SplittableRandom own = random.split();
      entries.add(
          new SafeTensorsWriter.Entry(
              weight.getKey(),
              DType.FLOAT32,
              weight.getValue(),
              () -> draw(engine, weight.getKey(), weight.getValue(), own)));
    }
    SafeTensorsWriter.write(output.resolve("model.safetensors"), entries);
  }

  private static Tensor draw(Engine engine, String name, long[] shape, SplittableRandom random) {
    Tensor tensor = engine.allocate(shape);
    if (shape.length == 1) {
      engine.fill(tensor, name.endsWith("bias") ? 0 : 1);
      return tensor;
    }
    float[] values = new float[Math.toIntExact(tensor.size())];
    for (int i = 0; i < values.length; i++) {
      // Box and Muller's transform; 1 − u is never zero
      double radius = Math.sqrt(-2 * Math.log(1 - random.nextDouble()));
      values[i] = (float) (DEVIATION * radius * Math.cos(2 * Math.PI * random.nextDouble()));
    }
    tensor.write(0, values, 0, values.length);
    return tensor;
  }
}
