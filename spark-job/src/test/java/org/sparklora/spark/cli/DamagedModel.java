package org.sparklora.spark.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.sparklora.model.checkpoint.CheckpointFolder;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.checkpoint.SafeTensorsWriter;
import org.sparklora.model.checkpoint.WeightNames;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.EngineChoice;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.Tensor;

/** Tiny models with weights that nobody can compute with. */
final class DamagedModel {
  /** The last of a model's weights that are read, in the middle of its stack. */
  static final String TENSOR = "model.layers.1.mlp.up_proj.weight";

  private DamagedModel() {}

  /** Gives one element of {@link #TENSOR} a value. */
  static void damage(Path model, float value) throws IOException {
    rewrite(
        model,
        (name, tensor) -> {
          if (name.equals(TENSOR)) {
            tensor.write(tensor.size() - 3, new float[] {value}, 0, 1);
          }
        });
  }

  /** Makes all weights numbers still, with which logits overflow. */
  static void overflow(Path model) throws IOException {
    Engine engine = Engines.of(EngineChoice.USUAL);
    rewrite(
        model,
        (name, tensor) -> {
          if (name.equals("model.norm.weight")) {
            engine.fill(tensor, Float.MAX_VALUE);
          }
        });
  }

  private interface Change {
    void of(String name, Tensor tensor);
  }

  private static void rewrite(Path model, Change change) throws IOException {
    Engine engine = Engines.of(EngineChoice.USUAL);
    Path damaged = model.resolve("damaged.safetensors");
    try (CheckpointFolder checkpoint = CheckpointFolder.open(model)) {
      List<SafeTensorsWriter.Entry> entries = new ArrayList<>();
      for (Map.Entry<String, long[]> weight :
          WeightNames.expected(DecoderConfig.read(model.resolve("config.json"))).entrySet()) {
        entries.add(
            new SafeTensorsWriter.Entry(
                weight.getKey(),
                DType.FLOAT32,
                weight.getValue(),
                () -> changed(checkpoint, weight.getKey(), engine, change)));
      }
      SafeTensorsWriter.write(damaged, entries);
    }
    Files.move(
        damaged,
        model.resolve("model.safetensors"),
        java.nio.file.StandardCopyOption.REPLACE_EXISTING);
  }

  private static Tensor changed(
      CheckpointFolder checkpoint, String name, Engine engine, Change change) {
    try (Tensor stored = checkpoint.load(name, DType.FLOAT32, engine)) {
      Tensor copy = engine.copyAs(DType.FLOAT32, stored); // what is mapped cannot be written to
      change.of(name, copy);
      return copy;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
