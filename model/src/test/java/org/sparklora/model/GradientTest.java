package org.sparklora.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklora.model.checkpoint.CheckpointFolder;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.EnginesUnderTest;
import org.sparklora.model.engine.Precision;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.model.lora.LoraConfig;
import org.sparklora.model.lora.LoraTargets;
import org.sparklora.model.loss.AccumulationWindow;
import org.sparklora.model.loss.CrossEntropyLoss;
import org.sparklora.model.loss.GrpoLoss;
import org.sparklora.model.loss.GrpoLossConfig;
import org.sparklora.model.loss.GrpoLossConfigs;
import org.sparklora.model.loss.TokenLoss;

/** Gradients against differences of the loss along random directions. */
class GradientTest {
  private static final long DROPOUT_SEED = 11;

  private static final double STEP = 3e-3;

  /** Float32 losses of about 3 are off by 1e-6, which a division by STEP makes up to 1e-3. */
  private static final double BOUND = 2e-3;

  private static final PackedBatch BATCH =
      PackedBatch.of(
          List.of(
              new PackedBatch.Row(
                  new int[] {1, 5, 3, 9, 2, 1, 4, 4, 10},
                  new int[] {1, 5, 3, -100, 2, 1, 4, 4, 10},
                  new int[] {5, 4}),
              PackedBatch.Row.of(new int[] {7, 0, 3}, new int[] {-100, 0, 3})));

  private final Engine engine = EnginesUnderTest.reference();
  private PackedBatch batch = BATCH;
  private TokenLoss loss = new CrossEntropyLoss(BATCH.targetPositions().length);

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"llama", "qwen2", "qwen3", "smollm3", "mistral", "gemma3_text", "olmo3"})
  void ofAdapterWithDropoutAndHeadIsTheSlopeOfTheLoss(String modelType) throws IOException {
    CheckpointFolder checkpoint =
        TinyCheckpoint.write(folder, TinyCheckpoint.config(modelType).put("sliding_window", 3));
    LoraTargets targets = LoraTargets.names(List.of("all-linear", "lm_head"));
    LoraConfig config = new LoraConfig(3, 6, 0.25, true, targets);
    AdapterLayout layout = AdapterLayout.of(config, checkpoint.config());
    checkSlope(checkpoint, layout, TinyCheckpoint.random(new Random(1), 0, 0.3, layout.size()));
  }

  /** All experts are chosen, so that the loss has no jumps. */
  @ParameterizedTest
  @CsvSource({"true, 1", "false, 2"})
  void ofAMixtureOfExpertsIsTheSlopeOfTheLoss(boolean renormalised, int sparseStep)
      throws IOException {
    ObjectNode config = TinyCheckpoint.config("qwen3_moe").put("norm_topk_prob", renormalised);
    config.put("num_experts_per_tok", 3).put("decoder_sparse_step", sparseStep);
    config.putNull("pad_token_id");
    CheckpointFolder checkpoint = TinyCheckpoint.write(folder, config);
    checkFullSlope(checkpoint);
    LoraConfig lora = new LoraConfig(3, 6, 0, false, LoraTargets.names(List.of("all-linear")));
    AdapterLayout layout = AdapterLayout.of(lora.withExpertRank(2), checkpoint.config());
    checkSlope(checkpoint, layout, TinyCheckpoint.random(new Random(1), 0, 0.3, layout.size()));
  }

  /**
   * The loss of a policy with that of routers. It has no jumps: SAPO clips no ratio, and the first
   * column of embedding and routers makes all tokens choose experts 0 and 1.
   */
  @Test
  void ofAPolicyLossWithThatOfRoutersIsTheSlopeOfBoth() throws IOException {
    ObjectNode config = TinyCheckpoint.config("qwen3_moe").put("tie_word_embeddings", false);
    config.putNull("pad_token_id");
    Map<String, Tensor> given = new HashMap<>();
    given.put("model.embed_tokens.weight", random(0.3, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10));
    for (int layer = 0; layer < 2; layer++) {
      String block = "model.layers." + layer;
      given.put(block + ".mlp.gate.weight", random(0.1, 0.3f, 0.3f, -0.3f));
      given.put(
          block + ".post_attention_layernorm.weight",
          TinyCheckpoint.random(new Random(6), 1, 0, 8));
    }
    CheckpointFolder checkpoint = TinyCheckpoint.write(folder, config, DType.FLOAT32, given);
    PolicyBatch completions =
        PolicyBatch.ofAllTokens(
            List.of(
                completion(1, false, 5, 6, 7),
                completion(-0.5f, false, 10, 4),
                completion(0, false, 9),
                completion(1, true, 8, 8)));
    GrpoLossConfig sapo =
        GrpoLossConfigs.of(GrpoLossConfig.LossType.SAPO, GrpoLossConfig.Level.TOKEN, 0, 1);
    AccumulationWindow alone = AccumulationWindow.of(1, 6, 1);
    batch = completions.packed();
    LoraConfig lora = new LoraConfig(3, 6, 0, false, LoraTargets.names(List.of("all-linear")));
    AdapterLayout layout = AdapterLayout.of(lora, checkpoint.config());
    Tensor parameters = TinyCheckpoint.random(new Random(1), 0, 0.1, layout.size());
    AdapterStep step =
        new AdapterStep(Decoder.load(checkpoint, layout, engine, Precision.FLOAT32), engine, false);
    double policy =
        step.evaluate(parameters, batch, new GrpoLoss(sapo, completions.targets(), alone, 0))
            .loss();
    loss = new GrpoLoss(sapo, completions.targets(), alone, 2);

    StepResult both = step.evaluate(parameters, batch, loss);
    // 3 · (P₀ + P₁), where the third expert, which no token chooses, has the least probability
    assertThat(both.routerLoss()).isBetween(2.0, 3.0);
    assertThat(both.loss()).isEqualTo(policy + 2 * both.routerLoss());
    checkSlope(checkpoint, layout, parameters);
    checkFullSlope(checkpoint);
  }

  /** A random matrix of 8 columns with another first one. */
  private static Tensor random(double deviation, float... first) {
    Tensor matrix = TinyCheckpoint.random(new Random(5), 0, deviation, first.length, 8);
    for (int row = 0; row < first.length; row++) {
      matrix.write(8L * row, first, row, 1);
    }
    return matrix;
  }

  private static PolicyRow completion(float advantage, boolean masked, int... tokens) {
    float[] old = new float[tokens.length];
    Arrays.fill(old, -2.4f);
    return PolicyRow.of(new int[] {1, 2}, tokens, advantage, masked).withOld(old);
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "qwen2", "qwen3", "smollm3", "mistral", "gemma3_text", "olmo3"})
  void ofAllWeightsIsTheSlopeOfTheLoss(String modelType) throws IOException {
    ObjectNode config = TinyCheckpoint.config(modelType);
    config.put("attention_bias", true).put("mlp_bias", true).put("sliding_window", 3);
    config.put("tie_word_embeddings", false);
    config.putNull("pad_token_id"); // a padding id's gradient is deliberately not the slope
    checkFullSlope(TinyCheckpoint.write(folder, config));
  }

  @Test
  void ofTiedTableIsTheSlopeOfTheLoss() throws IOException {
    ObjectNode config = TinyCheckpoint.config("llama");
    config.remove("pad_token_id");
    checkFullSlope(TinyCheckpoint.write(folder, config));
  }

  @Test
  void ofThePaddingTokensEmbeddingIsZeroAsInPyTorch() throws IOException {
    ObjectNode config = TinyCheckpoint.config("llama").put("tie_word_embeddings", false);
    CheckpointFolder checkpoint = TinyCheckpoint.write(folder, config); // pad_token_id is 3
    WeightLayout layout = WeightLayout.of(checkpoint.config());
    Tensor parameters = engine.allocate(layout.size());
    layout.load(checkpoint, engine, parameters);
    AdapterStep step =
        new AdapterStep(Decoder.load(checkpoint, layout, engine, Precision.FLOAT32), engine, false);
    ParameterLayout.Entry table = layout.entry("model.embed_tokens.weight").orElseThrow();
    Tensor dTable = table.in(gradient(step, parameters));

    assertThat(dTable.rows(3, 4).toArray()).containsOnly(0f); // the batch has token 3
    assertThat(dTable.rows(4, 5).toArray()).doesNotContain(0f);
  }

  private void checkFullSlope(CheckpointFolder checkpoint) throws IOException {
    WeightLayout layout = WeightLayout.of(checkpoint.config());
    Tensor parameters = engine.allocate(layout.size());
    layout.load(checkpoint, engine, parameters);
    checkSlope(checkpoint, layout, parameters);
  }

  private void checkSlope(CheckpointFolder checkpoint, ParameterLayout layout, Tensor parameters)
      throws IOException {
    AdapterStep step =
        new AdapterStep(Decoder.load(checkpoint, layout, engine, Precision.FLOAT32), engine, false);
    float[] gradient = gradient(step, parameters).toArray();
    Random random = new Random(2);
    for (ParameterLayout.Entry entry : layout.entries()) {
      // along the gradient of one parameter, so that the slope is far from zero, plus a little
      // noise
      float[] direction = new float[gradient.length];
      double length = 1e-12;
      for (int i = (int) entry.offset(); i < entry.offset() + entry.size(); i++) {
        direction[i] = gradient[i] + 1e-3f * (float) random.nextGaussian();
        length += (double) direction[i] * direction[i];
      }
      double slope = 0;
      for (int i = 0; i < direction.length; i++) {
        direction[i] /= (float) Math.sqrt(length);
        slope += (double) direction[i] * gradient[i];
      }
      // the weighted difference cancels the third derivative (Richardson)
      double difference =
          (4 * difference(step, parameters, direction, STEP / 2)
                  - difference(step, parameters, direction, STEP))
              / 3;
      assertThat(slope)
          .as(entry.name())
          .isCloseTo(difference, within(BOUND * (1 + Math.abs(slope))));
    }
  }

  private double difference(AdapterStep step, Tensor parameters, float[] direction, double h) {
    return (lossAt(step, parameters, direction, h) - lossAt(step, parameters, direction, -h))
        / (2 * h);
  }

  private double lossAt(AdapterStep step, Tensor parameters, float[] direction, double by) {
    float[] moved = parameters.toArray();
    for (int i = 0; i < moved.length; i++) {
      moved[i] += (float) (by * direction[i]);
    }
    Tensor tensor = engine.allocate(moved.length);
    tensor.write(0, moved, 0, moved.length);
    Tensor unused = engine.allocate(moved.length);
    return step.lossAndGradient(tensor, batch, loss, DROPOUT_SEED, unused).loss();
  }

  private Tensor gradient(AdapterStep step, Tensor parameters) {
    Tensor gradient = engine.allocate(parameters.size());
    step.lossAndGradient(parameters, batch, loss, DROPOUT_SEED, gradient);
    return gradient;
  }
}
