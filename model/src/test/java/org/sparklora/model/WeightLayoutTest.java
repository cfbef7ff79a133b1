package org.sparklora.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.model.checkpoint.CheckpointFolder;
import org.sparklora.model.checkpoint.SafeTensors;
import org.sparklora.model.checkpoint.SafeTensorsWriter;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.EnginesUnderTest;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.Tensor;

class WeightLayoutTest {
  private final Engine engine = EnginesUnderTest.reference();

  /** Half a unit of the last place of numbers from 1 to 2. */
  private static final float ROUNDING = 6e-8f;

  @TempDir Path folder;

  /** Gemma 3 multiplies by 1 + weight: the vector holds the sum, files the weight. */
  @Test
  void normsThatMultiplyByOnePlusWeightAreWrittenAsTheyWereRead() throws IOException {
    try (CheckpointFolder checkpoint = GoldenModel.checkpoint("gemma3-tiny")) {
      WeightLayout layout = WeightLayout.of(checkpoint.config());
      Tensor parameters = engine.allocate(layout.size());
      layout.load(checkpoint, engine, parameters);
      String norm = "model.layers.1.self_attn.q_norm.weight";
      float[] stored = checkpoint.load(norm, DType.FLOAT32, engine).toArray();
      float[] factors = layout.entry(norm).orElseThrow().in(parameters).toArray();
      for (int i = 0; i < stored.length; i++) {
        assertThat(factors[i]).isEqualTo(1 + stored[i]);
      }

      Path file = folder.resolve("model.safetensors");
      SafeTensorsWriter.write(file, layout.tensors(parameters));
      try (SafeTensors written = SafeTensors.open(file)) {
        for (ParameterLayout.Entry entry : layout.entries()) {
          assertThat(written.load(entry.name(), DType.FLOAT32, engine).toArray())
              .as(entry.name())
              .containsExactly(
                  checkpoint.load(entry.name(), DType.FLOAT32, engine).toArray(), within(ROUNDING));
        }
      }
    }
  }
}
