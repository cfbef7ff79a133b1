package org.sparklora.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.Precision;
import org.sparklora.model.engine.Segments;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.model.lora.LoraConfig;
import org.sparklora.model.lora.LoraTargets;
import org.sparklora.model.loss.CrossEntropyLoss;

/** Hand-computed on one layer of C = 32, F = 48, H = 2, K = 1, D = 16, V = 64. */
class RoundedProductsTest {
  /** Seven linear layers and the head, each forward and towards its input. */
  private static final int FROZEN = 2 * (7 + 1);

  @TempDir private Path folder;
  private DecoderConfig model;

  @BeforeEach
  void readModel() throws IOException {
    ObjectNode config = TinyCheckpoint.config("llama");
    config.put("num_hidden_layers", 1).put("hidden_size", 32).put("intermediate_size", 48);
    config.put("num_attention_heads", 2).put("num_key_value_heads", 1).put("head_dim", 16);
    config.put("vocab_size", 64);
    model = DecoderConfig.read(Files.writeString(folder.resolve("config.json"), config.toString()));
  }

  private AdapterLayout adapter(int rank) {
    return AdapterLayout.of(
        new LoraConfig(rank, 32, 0, false, LoraTargets.names(List.of("all-linear"))), model);
  }

  private RoundedProducts count(int rank, Engine engine, int tokens) {
    return RoundedProducts.of(model, Optional.of(adapter(rank)), false, engine, tokens);
  }

  @Test
  void anEngineInFloat32RoundsNone() {
    try (Engine engine = Engines.open("vector", 1)) {
      RoundedProducts products = count(16, engine, 200);

      // of each adapter: x·Aᵀ, u·Bᵀ, and backward the gradients of A, B, u and x
      assertThat(products.all()).isEqualTo(FROZEN + 7 * 6);
      assertThat(products.rounded()).isZero();
    }
  }

  @ParameterizedTest(name = "rank {0}, {1} tokens: {2} rounded, {3} of few rows, {4} narrow")
  @CsvSource({
    "16, 129, 58, 0, 0",
    "16, 128, 0, 58, 0",
    "4, 129, 44, 0, 14", // u·Bᵀ and dU·A have four terms
  })
  void countsByWhatDecides(int rank, int tokens, int rounded, int fewRows, int narrow) {
    try (Engine engine = Engines.open("vector", 1)) {
      Engine bfloat16 = engine.withProductsIn(DType.BFLOAT16);
      assumeTrue(bfloat16 != engine, "this CPU multiplies bfloat16 no faster than float32");

      assertThat(count(rank, bfloat16, tokens))
          .isEqualTo(new RoundedProducts(rounded, fewRows, narrow, 128));
      assertThat(Arrays.equals(gradient(rank, engine, tokens), gradient(rank, bfloat16, tokens)))
          .as("the gradients of both types are the same bits")
          .isEqualTo(rounded == 0);
    }
  }

  private float[] gradient(int rank, Engine engine, int tokens) {
    AdapterLayout layout = adapter(rank);
    int[] ids = new SplittableRandom(1).ints(tokens, 0, model.vocabSize()).toArray();
    PackedBatch batch = new PackedBatch(ids, ids, Segments.ofLengths(tokens));
    try (Decoder decoder = Decoder.ofRandomWeights(model, layout, engine, Precision.FLOAT32);
        AdapterStep step = new AdapterStep(decoder, engine, false);
        Tensor parameters = engine.allocate(layout.size());
        Tensor gradient = engine.allocate(layout.size())) {
      engine.fill(parameters, 0.02f);
      step.lossAndGradient(parameters, batch, new CrossEntropyLoss(tokens), 0, gradient);
      return gradient.toArray();
    }
  }
}
