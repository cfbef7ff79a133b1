package org.sparklora.model;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.sparklora.model.checkpoint.CheckpointFolder;
import org.sparklora.model.engine.EachEngine;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.EnginesUnderTest;
import org.sparklora.model.engine.Precision;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.layer.LoraLinear;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.model.lora.LoraConfig;
import org.sparklora.model.lora.LoraTargets;
import org.sparklora.model.loss.CrossEntropyLoss;

/** Steps that compute blocks' forward once more instead of keeping them. */
class GradientCheckpointingTest {
  private static final CrossEntropyLoss LOSS = new CrossEntropyLoss(10);

  /** A first and a smaller second batch, in whose turn the buffers are larger than needed. */
  private static final List<PackedBatch> BATCHES =
      List.of(
          PackedBatch.of(
              List.of(
                  PackedBatch.Row.of(new int[] {1, 5, 3, 9, 2}, new int[] {1, 5, 3, -100, 2}),
                  PackedBatch.Row.of(new int[] {7, 0, 3}, new int[] {-100, 0, 3}))),
          OneDocument.of(4, 2, 8));

  @TempDir Path folder;

  static Stream<Arguments> enginesAndModelTypes() {
    return EnginesUnderTest.all()
        .flatMap(
            engine ->
                Stream.of(
                        "llama",
                        "qwen2",
                        "qwen3",
                        "smollm3",
                        "mistral",
                        "gemma3_text",
                        "olmo3",
                        "qwen3_moe")
                    .map(type -> Arguments.of(engine, type)));
  }

  @EachEngine
  @MethodSource("enginesAndModelTypes")
  void givesAdaptersTheSameGradientsToTheLastBit(Engine engine, String modelType)
      throws IOException {
    LoraTargets targets = LoraTargets.names(List.of("all-linear", "lm_head"));
    boolean isMixture = modelType.equals("qwen3_moe"); // whose adapters have no dropout
    LoraConfig config = new LoraConfig(3, 6, isMixture ? 0 : 0.25, !isMixture, targets);
    CheckpointFolder checkpoint = TinyCheckpoint.write(folder, threeBlocks(modelType));
    checkEqual(engine, checkpoint, AdapterLayout.of(config, checkpoint.config()));
  }

  @EachEngine
  @MethodSource("enginesAndModelTypes")
  void givesWeightsTheSameGradientsToTheLastBit(Engine engine, String modelType)
      throws IOException {
    CheckpointFolder checkpoint = TinyCheckpoint.write(folder, threeBlocks(modelType));
    checkEqual(engine, checkpoint, WeightLayout.of(checkpoint.config()));
  }

  private static void checkEqual(Engine engine, CheckpointFolder checkpoint, ParameterLayout layout)
      throws IOException {
    Decoder decoder = Decoder.load(checkpoint, layout, engine, Precision.FLOAT32);
    float[] values = TinyCheckpoint.random(new Random(3), 0, 0.3, layout.size()).toArray();
    try (Tensor parameters = engine.allocate(layout.size());
        Tensor expected = engine.allocate(layout.size());
        Tensor actual = engine.allocate(layout.size());
        Tensor inPart = engine.allocate(layout.size());
        AdapterStep keeping = new AdapterStep(decoder, engine, false);
        AdapterStep recomputing = new AdapterStep(decoder, engine, 0L);
        AdapterStep keepingTwo = new AdapterStep(decoder, engine, bytesOfTwoBlocks(decoder))) {
      parameters.write(0, values, 0, values.length);
      for (PackedBatch batch : BATCHES) {
        StepResult kept = keeping.lossAndGradient(parameters, batch, LOSS, 11, expected);
        StepResult recomputed = recomputing.lossAndGradient(parameters, batch, LOSS, 11, actual);
        StepResult two = keepingTwo.lossAndGradient(parameters, batch, LOSS, 11, inPart);
        assertThat(recomputed).usingRecursiveComparison().isEqualTo(kept);
        assertThat(two).usingRecursiveComparison().isEqualTo(kept);
        assertThat(actual.toArray()).isEqualTo(expected.toArray());
        assertThat(inPart.toArray()).isEqualTo(expected.toArray());
      }
    }
  }

  /** The first block rounds x·Aᵀ to bfloat16, the others do not. */
  @Test
  void blocksThatShareMemoryKeepTheTypesOfTheirAdapters() throws IOException {
    int wide = LoraLinear.LEAST_ROUNDED;
    LoraConfig config =
        new LoraConfig(
            4,
            8,
            0,
            false,
            LoraTargets.names(List.of("q_proj", "down_proj")),
            new LoraConfig.Patterns(Map.of("layers\\.0\\..*", wide), Map.of()));
    CheckpointFolder checkpoint = TinyCheckpoint.write(folder, threeBlocks("llama"));
    AdapterLayout layout = AdapterLayout.of(config, checkpoint.config());
    Engine engine = Engines.counting(DType.BFLOAT16, DType.FLOAT32);
    Decoder decoder = Decoder.unread(checkpoint.config(), layout, engine);
    for (long blockBytes : new long[] {0, Activations.UNLIMITED}) {
      Activations activations = Activations.forBackward(decoder, engine, blockBytes).reserve(8);
      assertThat(activations.holds(0)).isEqualTo(blockBytes > 0);
      for (int layer = 0; layer < 3; layer++) {
        Tensor u = activations.block(layer).attention().inner().uQuery();
        assertThat(u.dtype()).isEqualTo(layer == 0 ? DType.BFLOAT16 : DType.FLOAT32);
        assertThat(u.shape()).containsExactly(8, layer == 0 ? wide : 4);
      }
    }
  }

  /** Of the larger batch; these models have three blocks. */
  private static long bytesOfTwoBlocks(Decoder decoder) {
    int tokens = BATCHES.get(0).tokenCount();
    for (long bytes = 0; ; bytes += 1000) {
      Engine engine = Engines.counting(DType.FLOAT32, DType.FLOAT32);
      Activations activations = Activations.forBackward(decoder, engine, bytes).reserve(tokens);
      if (activations.holds(1) && !activations.holds(0)) {
        return bytes;
      }
    }
  }

  @Test
  void lowersTheMemoryOfASmolLm2ShapedModelByMoreThanThreeFifths() throws IOException {
    Engine engine = EnginesUnderTest.reference();
    CheckpointFolder checkpoint = TinyCheckpoint.write(folder, smolLm2Shape());
    LoraConfig config = new LoraConfig(16, 16, 0, false, LoraTargets.names(List.of("all-linear")));
    AdapterLayout layout = AdapterLayout.of(config, checkpoint.config());
    Decoder decoder = Decoder.load(checkpoint, layout, engine, Precision.FLOAT32);

    long kept = bytesAfterAStep(decoder, Activations.UNLIMITED);
    long recomputed = bytesAfterAStep(decoder, 0);

    assertThat((double) recomputed / kept).isLessThan(0.4);
  }

  private static ObjectNode threeBlocks(String modelType) {
    ObjectNode config = TinyCheckpoint.config(modelType).put("num_hidden_layers", 3);
    config.putArray("mlp_only_layers").add(1); // read where layers have experts
    return config.put("sliding_window", 3);
  }

  /** SmolLM2-135M with a sixteenth of its width. */
  private static ObjectNode smolLm2Shape() {
    ObjectNode config = TinyCheckpoint.config("llama");
    config.put("num_hidden_layers", 30).put("hidden_size", 36).put("intermediate_size", 96);
    config.put("num_attention_heads", 9).put("num_key_value_heads", 3).put("head_dim", 4);
    return config;
  }

  private static long bytesAfterAStep(Decoder decoder, long blockBytes) {
    Engine engine = EnginesUnderTest.reference();
    try (Tensor parameters = engine.allocate(decoder.layout().size());
        Tensor gradient = engine.allocate(decoder.layout().size());
        AdapterStep step = new AdapterStep(decoder, engine, blockBytes)) {
      step.lossAndGradient(parameters, BATCHES.get(0), LOSS, 0, gradient);
      return step.activationBytes();
    }
  }
}
