package org.sparklora.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.sparklora.model.Activations.CHECKPOINTED_BYTES;
import static org.sparklora.model.Activations.UNLIMITED;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sparklora.model.checkpoint.CheckpointFolder;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.EnginesUnderTest;
import org.sparklora.model.engine.Precision;
import org.sparklora.model.engine.Segments;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.model.lora.LoraConfig;
import org.sparklora.model.lora.LoraTargets;
import org.sparklora.model.loss.CrossEntropyLoss;

/**
 * Hand-computed on two layers of C = 8, F = 12, H = 2, K = 1, D = 4, V = 11: a block keeps 8 + 24 +
 * 2 + 24 + 2 = 60 floats a token, the streams are 24, the workspace is 40 + 1 + 24 + 24 = 89.
 */
class ActivationMemoryTest {
  private static final int TOKENS = 5;
  private static final int LOGITS = 5 * 11;
  private static final long BLOCK_BYTES = 4 * 5 * 60;

  @TempDir private Path folder;

  private DecoderConfig model(String type) throws IOException {
    ObjectNode config = TinyCheckpoint.config(type);
    Path file = Files.writeString(folder.resolve("config.json"), config.toString());
    return DecoderConfig.read(file);
  }

  private static long floats(DecoderConfig model, Optional<LoraConfig> lora, long blockBytes) {
    Optional<AdapterLayout> adapter = lora.map(config -> AdapterLayout.of(config, model));
    return ActivationMemory.bytes(
            model, adapter, blockBytes, Engines.counting(DType.FLOAT32, DType.FLOAT32), TOKENS)
        / Float.BYTES;
  }

  @Test
  void allWeights() throws IOException {
    assertThat(floats(model("llama"), Optional.empty(), UNLIMITED))
        .isEqualTo(TOKENS * (24 + 2 * 60 + 89) + LOGITS);
  }

  @Test
  void oneBlockIsKeptInAnyCase() throws IOException {
    assertThat(floats(model("llama"), Optional.empty(), 0))
        .isEqualTo(TOKENS * (24 + 60 + 89) + LOGITS);
  }

  @Test
  void asManyBlocksAreKeptAsTheirBytesAllow() throws IOException {
    assertThat(floats(model("llama"), Optional.empty(), 2 * BLOCK_BYTES - 1))
        .isEqualTo(TOKENS * (24 + 60 + 89) + LOGITS);
    assertThat(floats(model("llama"), Optional.empty(), 2 * BLOCK_BYTES))
        .isEqualTo(TOKENS * (24 + 2 * 60 + 89) + LOGITS);
  }

  @Test
  void blocksThatShareMemoryHaveRoomForEveryAdapter() throws IOException {
    LoraConfig lora = new LoraConfig(3, 32, 0, false, LoraTargets.names(List.of("q_proj")));

    assertThat(floats(model("llama"), Optional.of(lora), 0))
        .isEqualTo(TOKENS * (24 + 60 + 7 * 3 + 89 + 3) + LOGITS);
    assertThat(floats(model("llama"), Optional.of(lora), UNLIMITED))
        .isEqualTo(TOKENS * (24 + 2 * (60 + 3) + 89 + 3) + LOGITS);
  }

  @Test
  void gradientCheckpointingKeepsWhat256MebibytesHold() throws IOException {
    DecoderConfig model = model("llama");
    int tokens = (256 << 20) / (4 * 60);

    assertThat(keptBlocks(model, CHECKPOINTED_BYTES, tokens / 2)).isEqualTo(2);
    assertThat(keptBlocks(model, CHECKPOINTED_BYTES, tokens / 2 + 1)).isEqualTo(1);
    assertThat(keptBlocks(model, CHECKPOINTED_BYTES, 100 * tokens)).isEqualTo(1);
    assertThat(keptBlocks(model, UNLIMITED, 100 * tokens)).isEqualTo(2);
  }

  private static int keptBlocks(DecoderConfig model, long blockBytes, int tokens) {
    Engine engine = Engines.counting(DType.FLOAT32, DType.FLOAT32);
    Decoder decoder = Decoder.unread(model, WeightLayout.of(model), engine);
    Activations activations = Activations.forBackward(decoder, engine, blockBytes).reserve(tokens);
    return (int) IntStream.range(0, model.numHiddenLayers()).filter(activations::holds).count();
  }

  @Test
  void adapterKeepsItsInnerRowsAndADroppedCopy() throws IOException {
    LoraConfig lora = new LoraConfig(3, 32, 0.1, false, LoraTargets.names(List.of("all-linear")));

    // seven u of 3 in each block; a gradient of u; the widest input is down's, F
    assertThat(floats(model("llama"), Optional.of(lora), UNLIMITED))
        .isEqualTo(TOKENS * (24 + 2 * (60 + 21) + 89 + 3 + 12) + LOGITS);
  }

  @Test
  void headsWithNormsKeepTheirScalesAndLendNormedCopies() throws IOException {
    // 2 + 1 scales in each block; q and k before and after the norm: 2 · (8 + 4)
    assertThat(floats(model("qwen3"), Optional.empty(), UNLIMITED))
        .isEqualTo(TOKENS * (24 + 2 * 63 + 89 + 24) + LOGITS);
  }

  /** Two of three experts of 6: gates and ups of 2 rows a token in place of 2 · 12, logits of 3. */
  @Test
  void rowsOfExpertsAreKeptForTheExpertsOfEachToken() throws IOException {
    int block = 63 - 24 + 2 * 2 * 6 + 3;
    int rows = 2 * 2 * 8 + 8 + 2 * 2 + 3; // inputs and gradients, their sum, weights, logits
    assertThat(floats(model("qwen3_moe"), Optional.empty(), UNLIMITED))
        .isEqualTo(TOKENS * (24 + 2 * block + 89 + 24 + rows) + LOGITS);
  }

  @Test
  void logitsStopGrowingAtAChunk() throws IOException {
    DecoderConfig model = model("llama");
    long chunk = (16 << 20) / 11;
    long perToken = 4 * (24 + 2 * 60 + 89);

    assertThat(bytes(model, DType.FLOAT32, 2 * chunk) - bytes(model, DType.FLOAT32, chunk))
        .isEqualTo(chunk * perToken);
  }

  @Test
  void moreTokensThanAnArrayHoldsAreCountedFromFewer() throws IOException {
    DecoderConfig model = model("llama");
    long perToken = 4 * (24 + 2 * 60 + 89);

    assertThat(bytes(model, DType.FLOAT32, 3L << 40) - bytes(model, DType.FLOAT32, 1L << 40))
        .isEqualTo((2L << 40) * perToken);
  }

  @Test
  void copiesOfALinearLayersWeightsAreCountedWhereTheyLoseNothing() throws IOException {
    DecoderConfig model = model("llama");
    long matrices =
        WeightLayout.of(model).entries().stream()
            .filter(entry -> entry.shape().length == 2)
            .mapToLong(ParameterLayout.Entry::size)
            .sum();
    long table = 11 * 8; // the head multiplies by it where they are tied, else it is only read

    long copies = 2 * (model.tieWordEmbeddings() ? matrices : matrices - table);
    assertThat(packedWeights(model, DType.FLOAT32, DType.FLOAT32)).isZero();
    assertThat(packedWeights(model, DType.BFLOAT16, DType.FLOAT32)).isEqualTo(copies);
    assertThat(packedWeights(model, DType.FLOAT32, DType.BFLOAT16)).isEqualTo(copies);
  }

  private static long packedWeights(DecoderConfig model, DType stored, DType products) {
    Engine engine = Engines.counting(products, DType.FLOAT32);
    return ActivationMemory.packedWeights(model, stored, stored, engine);
  }

  @Test
  void operandsOfBfloat16AreCounted() throws IOException {
    DecoderConfig model = model("llama");
    long dOut = 2 * 11; // the widest output's float32 gradient, that of the logits, rounded
    long normed = 2 * 8; // beside the head's, which is float32
    long gated = 12 * (2 - 4); // in place of a float32
    long gateAndUp = 2 * 12 * (2 - 4); // of each block

    assertThat(bytes(model, DType.BFLOAT16, TOKENS) - bytes(model, DType.FLOAT32, TOKENS))
        .isEqualTo(TOKENS * (dOut + normed + gated + 2 * gateAndUp));
  }

  private static long bytes(DecoderConfig model, DType products, long tokens) {
    return ActivationMemory.bytes(
        model, Optional.empty(), false, Engines.counting(products, DType.FLOAT32), tokens);
  }

  @ParameterizedTest(name = "{0}, targets {1}, dropout {2}, bytes of blocks {3}")
  @CsvSource({
    "llama, none, 0, 9223372036854775807",
    "llama, none, 0, 0",
    "llama, all-linear, 0, 9223372036854775807",
    "llama, all-linear, 0.1, 0",
    "llama, q_proj v_proj, 0.1, 9223372036854775807",
    "llama, q_proj v_proj, 0, 0",
    "llama, all-linear lm_head, 0.1, 9223372036854775807",
    "qwen2, all-linear, 0.1, 9223372036854775807",
    "qwen3, all-linear, 0, 9223372036854775807",
    "qwen3, none, 0, 0",
    "llama, all-linear, 0.1, 1300",
    "qwen3, q_proj v_proj, 0, 3000",
    "qwen3_moe, all-linear, 0, 9223372036854775807",
    "qwen3_moe, none, 0, 0"
  })
  void isWhatAStepHolds(String type, String targets, double dropout, long blockBytes)
      throws IOException {
    ObjectNode config = TinyCheckpoint.config(type);
    try (CheckpointFolder checkpoint = TinyCheckpoint.write(folder, config)) {
      DecoderConfig model = checkpoint.config();
      Optional<AdapterLayout> adapter =
          targets.equals("none")
              ? Optional.empty()
              : Optional.of(
                  AdapterLayout.of(
                      new LoraConfig(
                          3, 32, dropout, false, LoraTargets.names(List.of(targets.split(" ")))),
                      model));
      ParameterLayout layout = adapter.isPresent() ? adapter.get() : WeightLayout.of(model);
      Engine engine = EnginesUnderTest.reference();
      Decoder decoder = Decoder.load(checkpoint, layout, engine, Precision.FLOAT32);
      try (AdapterStep step = new AdapterStep(decoder, engine, blockBytes);
          Tensor parameters = engine.allocate(layout.size());
          Tensor gradient = engine.allocate(layout.size())) {
        PackedBatch batch =
            new PackedBatch(
                new int[] {1, 4, 9, 2, 0}, new int[] {4, 9, 2, 0, 7}, Segments.ofLengths(TOKENS));

        step.lossAndGradient(parameters, batch, new CrossEntropyLoss(TOKENS), 1, gradient);

        assertThat(step.activationBytes())
            .isEqualTo(
                ActivationMemory.bytes(
                    model,
                    adapter,
                    blockBytes,
                    Engines.counting(DType.FLOAT32, DType.FLOAT32),
                    TOKENS));
      }
    }
  }
}
