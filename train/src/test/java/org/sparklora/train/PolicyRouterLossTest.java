package org.sparklora.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.model.ParameterLayout;
import org.sparklora.model.PolicyRow;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.Precision;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.loss.AccumulationWindow;
import org.sparklora.model.loss.GrpoLossConfigs;
import org.sparklora.train.vector.FlatVector;

/**
 * The loss of routers beside a policy's, on a model whose weights are zero but for embedding and
 * routers: tokens below 20 choose experts 0 and 1 with probabilities 1/3 and 1/6, tokens from 20 on
 * experts 2 and 3, and each further expert has 1/12.
 */
class PolicyRouterLossTest {
  private static final double ROUNDING = 1e-5;
  private static final int HIDDEN = 32;
  private static final double WEIGHT = 0.5;

  /** Two tokens with advantage 1, of six in the step. */
  private static final double POLICY = -2 / 6.0;

  /** Half of a step. The second completion has no advantage, the third is masked. */
  private static final PolicyMicroBatch MICRO =
      new PolicyMicroBatch(
          0,
          0,
          List.of(
              PolicyRow.of(new int[] {10, 11, 12}, new int[] {20, 13}, 1, false),
              PolicyRow.of(new int[] {10, 11, 12}, new int[] {21}, 0, false),
              PolicyRow.of(new int[] {22, 23}, new int[] {14, 15, 16}, -1, true)),
          GrpoLossConfigs.defaults(),
          AccumulationWindow.of(2, 6, 2));

  @TempDir private Path folder;

  /** {@code 8 · Σ f·P} of n tokens below 20 and m others. */
  private static double ofRouters(double n, double m) {
    return 8 * (n * (n / 2 + m / 6) + m * (n / 6 + m / 2)) / ((n + m) * (n + m));
  }

  @Test
  void allTokensCountAndAStepIsTheMeanOfItsMicroBatches() throws IOException {
    TrainedModel model = model(WEIGHT);
    double ofRouters = ofRouters(4 + 3, 1 + 1 + 2);
    try (FlatVector parameters = parameters(model.layout());
        ExecutorModel here = ExecutorModel.of(model);
        PolicyGradient step = here.gradient(MICRO, parameters);
        PolicyGradient evaluated = here.evaluate(MICRO, parameters)) {
      for (PolicyGradient result : List.of(step, evaluated)) {
        assertThat(result.metrics().get("aux_loss")).isCloseTo(ofRouters, within(ROUNDING));
        assertThat(result.loss()).isCloseTo(POLICY + WEIGHT * ofRouters / 2, within(ROUNDING));
        assertThat(result.logProbs()).hasSize(3).containsOnly(result.logProbs()[0]);
      }
      // forward: loss = WEIGHT / 2 · 8 · Σ f·P, over the 22 tokens of two layers
      double first = WEIGHT / 2 * 8 * 14 / (22 * 22); // by the probability of expert 0 or 1
      double other = WEIGHT / 2 * 8 * 8 / (22 * 22); // of expert 2 or 3
      double logit = (first - (first / 2 + other / 6)) / 3; // of expert 0, for a token below 20
      Tensor gradient = step.gradient().on(Engines.host());
      assertThat((double) router(model.layout(), 0).in(gradient).toArray()[0])
          .isCloseTo(7 * logit * Math.sqrt(HIDDEN), within(ROUNDING));
    } finally {
      ExecutorModel.release(model);
    }
  }

  @Test
  void withoutAWeightTheLossIsThePolicysAlone() throws IOException {
    TrainedModel model = model(0);
    try (FlatVector parameters = parameters(model.layout());
        ExecutorModel here = ExecutorModel.of(model);
        PolicyGradient step = here.gradient(MICRO, parameters);
        PolicyGradient evaluated = here.evaluate(MICRO, parameters)) {
      for (PolicyGradient result : List.of(step, evaluated)) {
        assertThat(result.metrics()).doesNotContainKey("aux_loss");
        assertThat(result.loss()).isCloseTo(POLICY, within(ROUNDING));
      }
    } finally {
      ExecutorModel.release(model);
    }
  }

  private TrainedModel model(double weight) throws IOException {
    Path checkpoint = TestModels.copy("qwen3-moe-tiny", folder);
    return TrainedModel.allWeights(TestModels.source(checkpoint), Precision.FLOAT32, true)
        .minimizing(new SupervisedLoss(false, weight));
  }

  private static ParameterLayout.Entry router(ParameterLayout layout, int number) {
    return layout.entry("model.layers.%s.mlp.gate.weight".formatted(number)).orElseThrow();
  }

  private static FlatVector parameters(ParameterLayout layout) {
    FlatVector parameters = new FlatVector(layout.size());
    Tensor all = Engines.host().alias(parameters.pointer(), layout.size()).tensor();
    Tensor table = layout.entry("model.embed_tokens.weight").orElseThrow().in(all);
    for (int token = 0; token < table.rows(); token++) {
      write(table, token, token < 20 ? 0 : 1, 100); // normed: √HIDDEN
    }
    for (int layer = 0; layer < 2; layer++) {
      String norm = "model.layers.%s.post_attention_layernorm.weight".formatted(layer);
      Engines.host().fill(layout.entry(norm).orElseThrow().in(all), 1);
      Tensor router = router(layout, layer).in(all);
      for (int kind = 0; kind < 2; kind++) {
        write(router, 2 * kind, kind, Math.log(4) / Math.sqrt(HIDDEN));
        write(router, 2 * kind + 1, kind, Math.log(2) / Math.sqrt(HIDDEN));
      }
    }
    return parameters;
  }

  private static void write(Tensor matrix, int row, int column, double value) {
    matrix.write((long) row * HIDDEN + column, new float[] {(float) value}, 0, 1);
  }
}
