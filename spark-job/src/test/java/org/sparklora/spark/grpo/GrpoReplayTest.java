package org.sparklora.spark.grpo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklora.model.ParameterLayout;
import org.sparklora.model.PolicyRow;
import org.sparklora.model.checkpoint.CheckpointFolder;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.Precision;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.trace.GrpoTrace;
import org.sparklora.pipeline.config.OptimizerConfig;
import org.sparklora.pipeline.config.ScheduleConfig;
import org.sparklora.pipeline.model.ModelSource;
import org.sparklora.spark.dl4j.TrainedNetwork;
import org.sparklora.train.ExecutorModel;
import org.sparklora.train.MetricMeans;
import org.sparklora.train.PolicyGradient;
import org.sparklora.train.PolicyMetrics;
import org.sparklora.train.RowOrder;
import org.sparklora.train.TestModels;
import org.sparklora.train.TrainedModel;
import org.sparklora.train.TrainingPlan;
import org.sparklora.train.grpo.GrpoLoop;
import org.sparklora.train.grpo.Round;
import org.sparklora.train.grpo.RoundSteps;
import org.sparklora.train.step.PolicyUpdates;
import org.sparklora.train.workers.LocalWorkers;

/** Whole runs of TRL's GRPOTrainer through the loop: only its generations are TRL's. */
class GrpoReplayTest {
  private static final Path GOLDEN = Path.of("../model/src/test/resources/golden");

  /** What another float32 implementation needed: 2e-7 of loss, 1e-5 of norm, relative. */
  private static final double LOSS = 2e-5;

  private static final double RELATIVE_NORM = 2e-4;
  private static final double RELATIVE_RATE = 1e-12;
  private static final double METRICS = 1e-4;

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "guide_python",
        "drgrpo_none_2funcs",
        "grpo_beta_batchscale_trunc",
        "dapo_onpolicy_fullft",
        "sequence_iterations_rslora",
        "quantile_weights_cosine",
        "bnpo_ragged_cool"
      })
  void learnsWhatTrlLearned(String run) throws IOException {
    GrpoTrace trace = GrpoTrace.read(GOLDEN.resolve("grpo").resolve(run));
    TrainedModel model = model(trace);
    ParameterLayout layout = model.layout();
    JsonNode resolved = trace.resolved();
    int accumulation = resolved.get("gradient_accumulation_steps").asInt();
    int slices = resolved.get("steps_per_generation").asInt();
    TrainedNetwork network = network(model, trace);
    Engine engine = Engines.host();
    Tensor parameters = engine.alias(network.vectors().parameters(), layout.size()).tensor();
    try (CheckpointFolder base = CheckpointFolder.open(model.checkpoint().folder())) {
      trace.begin(base, layout, engine, parameters);
    }
    float[] start = parameters.toArray();
    double epochEnd = trace.get("steps").get(0).get("epoch").asDouble();
    TrainingPlan plan =
        new TrainingPlan(
            (int) Math.round(accumulation / epochEnd),
            1,
            accumulation,
            1,
            1,
            resolved.get("total_steps").asInt(),
            RowOrder.SEQUENTIAL,
            0);
    List<PolicyMetrics> steps = new ArrayList<>();
    List<Double> epochs = new ArrayList<>();
    try {
      RoundSteps batch =
          new RoundSteps(
              1,
              accumulation,
              slices,
              resolved.get("num_iterations").asInt(),
              1,
              1,
              Optional.empty(),
              false);
      check(evaluated(model, trace, batch, network), trace.get("steps").get(0));
      new GrpoLoop(
              plan,
              batch,
              trace.loss(),
              (number, version) -> round(trace, number),
              new PolicyUpdates(new LocalWorkers(), network.vectors(), Optional.empty()),
              new GrpoLoop.Listener() {
                @Override
                public void drawn(Round round) {}

                @Override
                public void step(
                    PolicyMetrics metrics,
                    double updateSeconds,
                    double epochAfter,
                    Optional<Round> unfinished) {
                  steps.add(metrics);
                  epochs.add(epochAfter);
                }
              })
          .run(0, plan.totalSteps(), Optional.empty());
    } finally {
      ExecutorModel.release(model);
    }

    assertThat(steps).hasSize(trace.get("steps").size());
    for (int s = 0; s < steps.size(); s++) {
      JsonNode expected = trace.get("steps").get(s);
      check(steps.get(s), expected);
      assertThat(epochs.get(s)).isCloseTo(expected.get("epoch").asDouble(), within(1e-12));
      double rate = expected.get("learning_rate").asDouble();
      assertThat(network.vectors().learningRate(s)).isCloseTo(rate, within(RELATIVE_RATE * rate));
    }
    trace.assertResult(layout, start, parameters.toArray());
  }

  /** The first step as evaluation measures it: without a gradient, whose norm is TRL's here. */
  private static PolicyMetrics evaluated(
      TrainedModel model, GrpoTrace trace, RoundSteps batch, TrainedNetwork network) {
    int accumulation = batch.accumulation();
    int slices = batch.stepsPerGeneration();
    double loss = 0;
    List<Map<String, Double>> metrics = new ArrayList<>();
    try (ExecutorModel here = ExecutorModel.of(model)) {
      for (int i = 0; i < accumulation; i++) {
        PolicyGradient measured =
            here.evaluate(
                round(trace, i / batch.microSteps())
                    .microBatch(0, i, i % slices, slices, accumulation, trace.loss()),
                network.vectors().vector());
        assertThat(measured.gradient().size()).isZero();
        loss += measured.loss();
        metrics.add(measured.metrics());
      }
    }
    double norm = trace.get("steps").get(0).get("grad_norm").asDouble();
    return new PolicyMetrics(0, loss, norm, metrics);
  }

  private TrainedModel model(GrpoTrace trace) throws IOException {
    ModelSource checkpoint = TestModels.source(TestModels.copy(trace.model(), folder));
    return trace
        .lora()
        .map(lora -> TrainedModel.adapter(checkpoint, lora, Precision.FLOAT32, false, 0))
        .orElseGet(() -> TrainedModel.allWeights(checkpoint, Precision.FLOAT32, false));
  }

  private static TrainedNetwork network(TrainedModel model, GrpoTrace trace) {
    JsonNode resolved = trace.resolved();
    return TrainedNetwork.create(
        model,
        new OptimizerConfig(
            trace.setting("learning_rate", 1e-6),
            trace.setting("adam_beta1", 0.9),
            trace.setting("adam_beta2", 0.999),
            trace.setting("adam_epsilon", 1e-8),
            resolved.get("weight_decay").asDouble(),
            resolved.get("max_grad_norm").asDouble()),
        new ScheduleConfig(
            ScheduleConfig.Type.valueOf(
                resolved.get("lr_scheduler_type").asText().toUpperCase(Locale.ROOT)),
            trace.setting("warmup_steps", 0)),
        resolved.get("total_steps").asInt());
  }

  /**
   * The micro-batches that TRL cut from a round, laid end to end again; where a round is trained on
   * several times, those of the first.
   */
  private static Round round(GrpoTrace trace, int number) {
    List<PolicyRow> rows = new ArrayList<>();
    int slices = trace.resolved().get("steps_per_generation").asInt();
    int taken = 0;
    for (JsonNode micro : trace.get("micro_batches")) {
      if (micro.get("gen").asInt() == number && taken < slices) {
        rows.addAll(GrpoTrace.rows(micro));
        taken++;
      }
    }
    return Round.trusted(rows, List.of());
  }

  private static void check(PolicyMetrics step, JsonNode expected) {
    assertThat(step.loss()).isCloseTo(expected.get("loss").asDouble(), within(LOSS));
    double norm = expected.get("grad_norm").asDouble();
    assertThat(step.gradNorm()).isCloseTo(norm, within(RELATIVE_NORM * norm));
    Map<String, Double> means = MetricMeans.of(step.microBatches());
    assertThat(means).containsKeys("entropy", "clip_ratio/region_mean");
    means.forEach(
        (name, mean) -> {
          assertThat(expected.has(name)).as("TRL logs %s", name).isTrue();
          assertThat(mean).as(name).isCloseTo(expected.get(name).asDouble(), within(METRICS));
        });
  }
}
