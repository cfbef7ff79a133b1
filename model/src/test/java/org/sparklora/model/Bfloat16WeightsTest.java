package org.sparklora.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.sparklora.model.checkpoint.CheckpointFolder;
import org.sparklora.model.kernels.DType;
import org.sparklora.model.kernels.Kernels;
import org.sparklora.model.kernels.KernelsUnderTest;
import org.sparklora.model.kernels.Tensor;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.model.lora.LoraConfig;
import org.sparklora.model.lora.LoraTargets;
import org.sparklora.model.loss.CrossEntropyLoss;

/** Base weights that stay bfloat16 in memory: the arithmetic on them is float32 all the same. */
class Bfloat16WeightsTest {
  /** Products of tiles are summed in another order than those of whole matrices. */
  private static final float ROUNDING = 2e-6f;

  @TempDir Path folder;

  static Stream<Kernels> kernels() {
    return KernelsUnderTest.all();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("kernels")
  void giveAdaptersTheGradientsOfWidenedWeights(Kernels kernels) throws IOException {
    GoldenModel golden = new GoldenModel("llama-tiny-bf16");
    PackedBatch batch = golden.batch("labels");
    try (CheckpointFolder checkpoint = golden.checkpoint()) {
      AdapterLayout layout = adapter(checkpoint);
      float[] widened = gradient(checkpoint, layout, kernels, DType.FLOAT32, batch);
      float[] stored = gradient(checkpoint, layout, kernels, DType.BFLOAT16, batch);
      assertThat(stored).containsExactly(widened, within(ROUNDING));
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("kernels")
  void areRoundedWhereTheyAreStoredAsFloat32(Kernels kernels) throws IOException {
    ObjectNode config = TinyCheckpoint.config("qwen3").put("attention_bias", true);
    PackedBatch batch = PackedBatch.ofDocument(1, 5, 3, 9, 2);
    try (CheckpointFolder exact =
            TinyCheckpoint.write(folder.resolve("float32"), config, DType.FLOAT32);
        CheckpointFolder rounded =
            TinyCheckpoint.write(folder.resolve("bfloat16"), config, DType.BFLOAT16)) {
      AdapterLayout layout = adapter(exact);
      float[] expected = gradient(rounded, layout, kernels, DType.BFLOAT16, batch);
      assertThat(gradient(exact, layout, kernels, DType.BFLOAT16, batch)).isEqualTo(expected);
      assertThat(gradient(exact, layout, kernels, DType.FLOAT32, batch)).isNotEqualTo(expected);
    }
  }

  @Test
  void takeHalfTheMemory() throws IOException {
    Kernels kernels = KernelsUnderTest.reference();
    try (CheckpointFolder checkpoint = GoldenModel.checkpoint("llama-tiny-bf16")) {
      AdapterLayout layout = adapter(checkpoint);
      long widened = Decoder.load(checkpoint, layout, kernels, DType.FLOAT32).weightBytes();
      long stored = Decoder.load(checkpoint, layout, kernels, DType.BFLOAT16).weightBytes();
      assertThat((double) stored / widened).isCloseTo(0.5, within(0.01)); // norms are float32
    }
  }

  @Test
  void cannotBeFloat16() throws IOException {
    try (CheckpointFolder checkpoint = GoldenModel.checkpoint("llama-tiny-bf16")) {
      assertThatThrownBy(
              () ->
                  Decoder.load(
                      checkpoint,
                      ParameterLayout.none(),
                      KernelsUnderTest.reference(),
                      DType.FLOAT16))
          .hasMessageContaining("float16")
          .hasMessageContaining("use float32, or bfloat16");
    }
  }

  private static AdapterLayout adapter(CheckpointFolder checkpoint) {
    return AdapterLayout.of(LoraConfig.of(4, 8, LoraTargets.allLinear()), checkpoint.config());
  }

  private static float[] gradient(
      CheckpointFolder checkpoint,
      AdapterLayout layout,
      Kernels kernels,
      DType weights,
      PackedBatch batch)
      throws IOException {
    Decoder decoder = Decoder.load(checkpoint, layout, kernels, weights);
    float[] factors = TinyCheckpoint.random(new Random(5), 0, 0.1, layout.size()).toArray();
    try (AdapterStep step = new AdapterStep(decoder, kernels);
        Tensor parameters = kernels.allocate(layout.size());
        Tensor gradient = kernels.allocate(layout.size())) {
      parameters.write(0, factors, 0, factors.length);
      CrossEntropyLoss meanLoss = new CrossEntropyLoss(batch.targetPositions().length);
      step.lossAndGradient(parameters, batch, meanLoss, 0, gradient);
      return gradient.toArray();
    }
  }
}
