package org.sparklora.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.provider.MethodSource;
import org.sparklora.model.checkpoint.CheckpointFolder;
import org.sparklora.model.checkpoint.CheckpointWriter;
import org.sparklora.model.checkpoint.SafeTensorsWriter;
import org.sparklora.model.checkpoint.WeightNames;
import org.sparklora.model.engine.EachEngine;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.EnginesUnderTest;
import org.sparklora.model.engine.Precision;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.model.lora.LoraConfig;
import org.sparklora.model.lora.LoraTargets;
import org.sparklora.model.loss.CrossEntropyLoss;

/** Base weights that stay bfloat16 in memory: the arithmetic on them is float32 all the same. */
class Bfloat16WeightsTest {
  /**
   * Sums are in another order than those of float32 weights: of tiles instead of whole matrices, of
   * even and odd terms. Gradients are up to 0.6.
   */
  private static final float ROUNDING = 4e-6f;

  @TempDir Path folder;

  static Stream<Engine> engines() {
    return EnginesUnderTest.all();
  }

  @EachEngine
  @MethodSource("engines")
  void giveAdaptersTheGradientsOfWidenedWeights(Engine engine) throws IOException {
    GoldenModel golden = new GoldenModel("llama-tiny-bf16");
    PackedBatch batch = golden.batch("labels");
    try (CheckpointFolder checkpoint = golden.checkpoint();
        CheckpointFolder inFloat32 = widened(checkpoint)) {
      AdapterLayout layout = adapter(checkpoint);
      float[] widened = gradient(inFloat32, layout, engine, DType.FLOAT32, batch);
      float[] stored = gradient(checkpoint, layout, engine, DType.BFLOAT16, batch);
      assertThat(stored).containsExactly(widened, within(ROUNDING));
    }
  }

  /** The same values in a file of float32, which no engine keeps as bfloat16. */
  private CheckpointFolder widened(CheckpointFolder checkpoint) throws IOException {
    List<SafeTensorsWriter.Entry> entries = new ArrayList<>();
    for (String name : WeightNames.expected(checkpoint.config()).keySet()) {
      Tensor values = checkpoint.load(name, DType.FLOAT32, EnginesUnderTest.reference());
      entries.add(SafeTensorsWriter.Entry.of(name, DType.FLOAT32, values));
    }
    CheckpointWriter.write(folder, checkpoint.configJson(), DType.FLOAT32, entries);
    return CheckpointFolder.open(folder);
  }

  @EachEngine
  @MethodSource("engines")
  void areRoundedWhereTheyAreStoredAsFloat32(Engine engine) throws IOException {
    ObjectNode config = TinyCheckpoint.config("qwen3").put("attention_bias", true);
    PackedBatch batch = OneDocument.of(1, 5, 3, 9, 2);
    try (CheckpointFolder exact =
            TinyCheckpoint.write(folder.resolve("float32"), config, DType.FLOAT32);
        CheckpointFolder rounded =
            TinyCheckpoint.write(folder.resolve("bfloat16"), config, DType.BFLOAT16)) {
      AdapterLayout layout = adapter(exact);
      float[] expected = gradient(rounded, layout, engine, DType.BFLOAT16, batch);
      assertThat(gradient(exact, layout, engine, DType.BFLOAT16, batch)).isEqualTo(expected);
      assertThat(gradient(exact, layout, engine, DType.FLOAT32, batch)).isNotEqualTo(expected);
    }
  }

  @EachEngine
  @MethodSource("engines")
  void areKeptAsTheyAreStoredWhereEnginesReadThemSo(Engine engine) throws IOException {
    boolean kept = engine.keepsBfloat16();
    assertThat(Decoder.kept(DType.FLOAT32, DType.BFLOAT16, engine))
        .isEqualTo(kept ? DType.BFLOAT16 : DType.FLOAT32);
    assertThat(Decoder.kept(DType.FLOAT32, DType.FLOAT16, engine)).isEqualTo(DType.FLOAT32);
    assertThat(Decoder.kept(DType.FLOAT32, DType.FLOAT32, engine)).isEqualTo(DType.FLOAT32);
    assertThat(Decoder.kept(DType.BFLOAT16, DType.FLOAT32, engine)).isEqualTo(DType.BFLOAT16);
    try (CheckpointFolder checkpoint = GoldenModel.checkpoint("llama-tiny-bf16")) {
      ParameterLayout none = ParameterLayout.none();
      long stored =
          Decoder.load(checkpoint, none, engine, new Precision(DType.BFLOAT16, DType.FLOAT32))
              .weightBytes();
      long loaded = Decoder.load(checkpoint, none, engine, Precision.FLOAT32).weightBytes();
      assertThat((double) loaded / stored).isCloseTo(kept ? 1 : 2, within(0.05));
    }
  }

  @Test
  void takeHalfTheMemory() throws IOException {
    Engine engine = EnginesUnderTest.reference();
    try (CheckpointFolder checkpoint = GoldenModel.checkpoint("llama-tiny-bf16")) {
      AdapterLayout layout = adapter(checkpoint);
      long widened = Decoder.load(checkpoint, layout, engine, Precision.FLOAT32).weightBytes();
      long stored =
          Decoder.load(checkpoint, layout, engine, new Precision(DType.BFLOAT16, DType.FLOAT32))
              .weightBytes();
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
                      EnginesUnderTest.reference(),
                      new Precision(DType.FLOAT16, DType.FLOAT32)))
          .hasMessageContaining("float16")
          .hasMessageContaining("use float32, or bfloat16");
    }
  }

  private static AdapterLayout adapter(CheckpointFolder checkpoint) {
    return AdapterLayout.of(
        new LoraConfig(4, 8, 0, false, LoraTargets.names(List.of("all-linear"))),
        checkpoint.config());
  }

  private static float[] gradient(
      CheckpointFolder checkpoint,
      AdapterLayout layout,
      Engine engine,
      DType weights,
      PackedBatch batch)
      throws IOException {
    Decoder decoder =
        Decoder.load(checkpoint, layout, engine, new Precision(weights, DType.FLOAT32));
    float[] factors = TinyCheckpoint.random(new Random(5), 0, 0.1, layout.size()).toArray();
    try (AdapterStep step = new AdapterStep(decoder, engine, false);
        Tensor parameters = engine.allocate(layout.size());
        Tensor gradient = engine.allocate(layout.size())) {
      parameters.write(0, factors, 0, factors.length);
      CrossEntropyLoss meanLoss = new CrossEntropyLoss(batch.targetPositions().length);
      step.lossAndGradient(parameters, batch, meanLoss, 0, gradient);
      return gradient.toArray();
    }
  }
}
