package org.sparklora.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.sparklora.model.checkpoint.CheckpointFolder;
import org.sparklora.model.engine.EachEngine;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.EnginesUnderTest;
import org.sparklora.model.engine.Precision;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.model.loss.AccumulationWindow;
import org.sparklora.model.loss.GrpoLoss;
import org.sparklora.model.trace.GrpoTrace;

/** Whole runs of TRL's GRPOTrainer, replayed: losses, metrics, gradient norms and the result. */
class GrpoTraceTest {
  /** What another float32 implementation needed: 6e-6, 4e-6, 2e-7 and 1e-5 relative. */
  private static final double LOG_PROBS = 1e-4;

  private static final double ENTROPY = 1e-4;
  private static final double MICRO_LOSS = 1e-5;
  private static final double RELATIVE_NORM = 2e-4;

  static Stream<Arguments> runs() {
    return EnginesUnderTest.all()
        .flatMap(
            engine ->
                Stream.of(
                        "guide_python",
                        "drgrpo_none_2funcs",
                        "grpo_beta_batchscale_trunc",
                        "dapo_onpolicy_fullft")
                    .map(run -> arguments(engine, run)));
  }

  @EachEngine
  @MethodSource("runs")
  void learnsWhatTrlLearned(Engine engine, String run) throws IOException {
    GrpoTrace trace = GrpoTrace.read(GoldenModel.root().resolve("grpo").resolve(run));
    try (CheckpointFolder checkpoint = GoldenModel.checkpoint(trace.model())) {
      ParameterLayout layout = layout(trace, checkpoint);
      try (Tensor parameters = engine.allocate(layout.size());
          AdapterStep step =
              new AdapterStep(
                  Decoder.load(checkpoint, layout, engine, Precision.FLOAT32), engine, false)) {
        trace.begin(checkpoint, layout, engine, parameters);
        float[] start = parameters.toArray();
        replay(trace, engine, step, parameters);
        trace.assertResult(layout, start, parameters.toArray());
      }
    }
  }

  private static ParameterLayout layout(GrpoTrace trace, CheckpointFolder checkpoint) {
    return trace
        .lora()
        .<ParameterLayout>map(lora -> AdapterLayout.of(lora, checkpoint.config()))
        .orElseGet(() -> WeightLayout.of(checkpoint.config()));
  }

  private static void replay(GrpoTrace trace, Engine engine, AdapterStep step, Tensor parameters) {
    TorchAdamW optimizer = new TorchAdamW((int) parameters.size());
    int optimizerStep = 0;
    for (JsonNode expected : trace.get("steps")) {
      try (Tensor gradient = engine.allocate(parameters.size());
          Tensor none = engine.allocate(parameters.size())) {
        double loss = 0;
        List<Map<String, Double>> metrics = new ArrayList<>();
        for (JsonNode micro : trace.get("micro_batches")) {
          if (micro.get("opt_step").asInt() == optimizerStep) {
            loss += microBatch(trace, micro, step, parameters, none, gradient, metrics);
          }
        }
        assertThat(loss).isCloseTo(expected.get("loss").asDouble(), within(2 * MICRO_LOSS));
        checkMetrics(metrics, expected);
        double norm = norm(gradient.toArray());
        double expectedNorm = expected.get("grad_norm").asDouble();
        assertThat(norm).isCloseTo(expectedNorm, within(RELATIVE_NORM * expectedNorm));
        float[] updated =
            optimizer.step(
                parameters.toArray(),
                gradient.toArray(),
                expected.get("learning_rate").asDouble(),
                trace.resolved().get("max_grad_norm").asDouble());
        parameters.write(0, updated, 0, updated.length);
      }
      optimizerStep++;
    }
  }

  private static double microBatch(
      GrpoTrace trace,
      JsonNode micro,
      AdapterStep step,
      Tensor parameters,
      Tensor none,
      Tensor gradient,
      List<Map<String, Double>> metrics) {
    PolicyBatch batch = PolicyBatch.of(GrpoTrace.rows(micro));
    JsonNode resolved = trace.resolved();
    AccumulationWindow window =
        AccumulationWindow.of(
            resolved.get("gradient_accumulation_steps").asInt(),
            micro.get("num_items_in_batch").asLong(),
            resolved.get("steps_per_generation").asInt());
    GrpoLoss loss = new GrpoLoss(trace.loss(), batch.targets(), window, 0);
    if (batch.packed().tokenCount() == 0) {
      assertThat(micro.get("loss").asDouble()).isZero();
      metrics.add(loss.metrics(new float[0], new float[0]));
      return 0;
    }
    if (trace.get("ref_policy").isTextual()) {
      assertThat(trace.get("ref_policy").asText()).isEqualTo("base_model");
      checkReference(step, none, batch);
    }

    StepResult result = step.lossAndGradient(parameters, batch.packed(), loss, 0, gradient);

    assertThat(result.loss()).isCloseTo(micro.get("loss").asDouble(), within(MICRO_LOSS));
    assertThat(result.logProbs().logProbs())
        .containsExactly(masked(micro, "per_token_logps"), within((float) LOG_PROBS));
    assertThat(result.logProbs().entropies())
        .containsExactly(masked(micro, "entropy"), within((float) ENTROPY));
    metrics.add(loss.metrics(result.logProbs().logProbs(), result.logProbs().entropies()));
    return result.loss();
  }

  /** An adapter of zeros is the base model. */
  private static void checkReference(AdapterStep step, Tensor none, PolicyBatch batch) {
    assertThat(step.logProbs(none, batch.packed(), 1f).logProbs())
        .containsExactly(
            batch.targets().referenceLogProbs().orElseThrow(), within((float) LOG_PROBS));
  }

  private static float[] masked(JsonNode micro, String name) {
    return GrpoTrace.masked(micro.get(name), micro.get("completion_mask"));
  }

  /** A step's metric is the mean of its micro-batches'. */
  private static void checkMetrics(List<Map<String, Double>> micro, JsonNode expected) {
    Map<String, Double> sums = new LinkedHashMap<>();
    for (Map<String, Double> metrics : micro) {
      metrics.forEach((name, value) -> sums.merge(name, value / micro.size(), Double::sum));
    }
    assertThat(sums).isNotEmpty();
    sums.forEach(
        (name, mean) -> {
          if (!mean.isNaN()) {
            assertThat(expected.has(name)).as("TRL logs %s", name).isTrue();
            assertThat(mean).as(name).isCloseTo(expected.get(name).asDouble(), within(ENTROPY));
          }
        });
  }

  private static double norm(float[] gradient) {
    double sum = 0;
    for (float g : gradient) {
      sum += (double) g * g;
    }
    return Math.sqrt(sum);
  }

  /** torch.optim.AdamW without weight decay, behind torch's clipping of the gradient's norm. */
  private static final class TorchAdamW {
    private final double[] first;
    private final double[] second;
    private int steps = 0;

    TorchAdamW(int size) {
      first = new double[size];
      second = new double[size];
    }

    float[] step(float[] parameters, float[] gradient, double learningRate, double maxNorm) {
      steps++;
      double clip = Math.min(1, maxNorm / (norm(gradient) + 1e-6));
      double firstCorrection = 1 - Math.pow(0.9, steps);
      double secondCorrection = 1 - Math.pow(0.999, steps);
      for (int i = 0; i < parameters.length; i++) {
        double g = clip * gradient[i];
        first[i] = 0.9 * first[i] + 0.1 * g;
        second[i] = 0.999 * second[i] + 0.001 * g * g;
        double denominator = Math.sqrt(second[i] / secondCorrection) + 1e-8;
        parameters[i] -= (float) (learningRate * first[i] / firstCorrection / denominator);
      }
      return parameters;
    }
  }
}
