package org.sparklora.spark.grpo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklora.model.ParameterLayout;
import org.sparklora.model.PolicyBatch;
import org.sparklora.model.WeightLayout;
import org.sparklora.model.checkpoint.CheckpointFolder;
import org.sparklora.model.checkpoint.SafeTensors;
import org.sparklora.model.kernels.DType;
import org.sparklora.model.kernels.Kernels;
import org.sparklora.model.kernels.KernelsProvider;
import org.sparklora.model.kernels.Tensor;
import org.sparklora.model.lora.LoraConfig;
import org.sparklora.model.lora.LoraTargets;
import org.sparklora.model.loss.GrpoLossConfig;
import org.sparklora.pipeline.config.OptimizerConfig;
import org.sparklora.pipeline.config.ScheduleConfig;
import org.sparklora.pipeline.model.ModelSource;
import org.sparklora.spark.TestModels;
import org.sparklora.spark.dl4j.AdapterNetwork;
import org.sparklora.spark.dl4j.PolicyUpdates;
import org.sparklora.spark.train.ExecutorModel;
import org.sparklora.spark.train.MetricMeans;
import org.sparklora.spark.train.PolicyGradient;
import org.sparklora.spark.train.PolicyMetrics;
import org.sparklora.spark.train.RowOrder;
import org.sparklora.spark.train.TrainedModel;
import org.sparklora.spark.train.TrainingPlan;
import org.sparklora.spark.workers.LocalWorkers;

/** Whole runs of TRL's GRPOTrainer through the loop: only its generations are TRL's. */
class GrpoReplayTest {
  private static final Path GOLDEN = Path.of("../model/src/test/resources/golden");
  private static final ObjectMapper JSON = new ObjectMapper();

  /** What another float32 implementation needed: 2e-7 of loss, 1e-5 of norm, relative. */
  private static final double LOSS = 2e-5;

  private static final double RELATIVE_NORM = 2e-4;
  private static final double RELATIVE_RATE = 1e-12;
  private static final double METRICS = 1e-4;

  /** ‖final − TRL's final‖ / ‖TRL's final − start‖ of adapters; weights move by 1e-4 at most. */
  private static final double RESULT = 1e-3;

  private static final double WEIGHTS = 2e-6;

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "guide_python",
        "drgrpo_none_2funcs",
        "grpo_beta_batchscale_trunc",
        "dapo_onpolicy_fullft"
      })
  void learnsWhatTrlLearned(String run) throws IOException {
    JsonNode trace = trace(run);
    TrainedModel model = model(trace);
    ParameterLayout layout = model.layout();
    JsonNode resolved = trace.get("resolved");
    int accumulation = resolved.get("gradient_accumulation_steps").asInt();
    int slices = resolved.get("steps_per_generation").asInt();
    AdapterNetwork network = network(model, trace);
    Kernels kernels = KernelsProvider.hostKernels();
    Tensor parameters = kernels.wrap(network.parameters(), 0, DType.FLOAT32, layout.size());
    begin(run, model, kernels, parameters);
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
      GrpoLoop.Shape shape = new GrpoLoop.Shape(slices, resolved.get("num_iterations").asInt());
      check(evaluated(model, trace, shape, network), trace.get("steps").get(0));
      new GrpoLoop(
              plan,
              shape,
              loss(resolved),
              number -> round(trace, number),
              new PolicyUpdates(
                  new LocalWorkers(), model, network, resolved.get("max_grad_norm").asDouble()),
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
      assertThat(network.learningRate(s)).isCloseTo(rate, within(RELATIVE_RATE * rate));
    }
    checkResult(run, layout, start, parameters.toArray());
  }

  /** The first step as evaluation measures it: without a gradient, whose norm is TRL's here. */
  private static PolicyMetrics evaluated(
      TrainedModel model, JsonNode trace, GrpoLoop.Shape shape, AdapterNetwork network) {
    JsonNode resolved = trace.get("resolved");
    int accumulation = resolved.get("gradient_accumulation_steps").asInt();
    int slices = shape.stepsPerGeneration();
    double loss = 0;
    List<Map<String, Double>> metrics = new ArrayList<>();
    for (int i = 0; i < accumulation; i++) {
      PolicyGradient measured =
          ExecutorModel.of(model)
              .evaluate(
                  round(trace, i / shape.microSteps())
                      .microBatch(0, i, i % slices, slices, accumulation, loss(resolved)),
                  network.parameters());
      assertThat(measured.gradient().size()).isZero();
      loss += measured.loss();
      metrics.add(measured.metrics());
    }
    double norm = trace.get("steps").get(0).get("grad_norm").asDouble();
    return new PolicyMetrics(0, loss, norm, metrics);
  }

  private static JsonNode trace(String run) throws IOException {
    try (InputStream in =
        new GZIPInputStream(Files.newInputStream(run(run).resolve("trace.json.gz")))) {
      return JSON.readTree(in);
    }
  }

  private static Path run(String name) {
    return GOLDEN.resolve("grpo").resolve(name);
  }

  private TrainedModel model(JsonNode trace) throws IOException {
    String name = Path.of(trace.get("model").asText()).getFileName().toString();
    ModelSource checkpoint = TestModels.source(TestModels.copy(name, folder));
    JsonNode lora = trace.get("lora");
    return lora.isNull()
        ? TrainedModel.allWeights(checkpoint, false)
        : TrainedModel.adapter(
            checkpoint,
            LoraConfig.of(
                lora.get("r").asInt(), lora.get("alpha").asDouble(), LoraTargets.allLinear()),
            DType.FLOAT32,
            false,
            0);
  }

  private static AdapterNetwork network(TrainedModel model, JsonNode trace) {
    JsonNode resolved = trace.get("resolved");
    return AdapterNetwork.create(
        model,
        model.layout(),
        new OptimizerConfig(
            trace.get("config").get("learning_rate").asDouble(),
            0.9,
            0.999,
            1e-8,
            resolved.get("weight_decay").asDouble(),
            resolved.get("max_grad_norm").asDouble()),
        new ScheduleConfig(ScheduleConfig.Type.of(resolved.get("lr_scheduler_type").asText()), 0),
        resolved.get("total_steps").asInt());
  }

  private static void begin(String run, TrainedModel model, Kernels kernels, Tensor parameters)
      throws IOException {
    if (model.layout() instanceof WeightLayout layout) {
      try (CheckpointFolder checkpoint = CheckpointFolder.open(model.checkpoint().folder())) {
        layout.load(checkpoint, kernels, parameters);
      }
      return;
    }
    try (SafeTensors tensors = SafeTensors.open(run(run).resolve("init_adapter.safetensors"))) {
      for (ParameterLayout.Entry entry : model.layout().entries()) {
        float[] values = floats(tensors, entry.name());
        parameters.write(entry.offset(), values, 0, values.length);
      }
    }
  }

  private static float[] floats(SafeTensors tensors, String name) throws IOException {
    FloatBuffer buffer = tensors.bytes(name).asFloatBuffer();
    float[] values = new float[buffer.remaining()];
    buffer.get(values);
    return values;
  }

  private static GrpoLossConfig loss(JsonNode resolved) {
    return new GrpoLossConfig(
        GrpoLossConfig.LossType.valueOf(
            resolved.get("loss_type").asText().toUpperCase(Locale.ROOT)),
        resolved.get("epsilon_low").asDouble(),
        resolved.get("epsilon_high").asDouble(),
        Double.POSITIVE_INFINITY,
        resolved.get("beta").asDouble(),
        resolved.get("use_bias_correction_kl").asBoolean(),
        GrpoLossConfig.Level.valueOf(
            resolved.get("importance_sampling_level").asText().toUpperCase(Locale.ROOT)),
        1,
        resolved.get("max_completion_length").asInt(),
        (float) resolved.get("temperature").asDouble(),
        1,
        1.05);
  }

  /** The micro-batches that TRL cut from a round, laid end to end again. */
  private static Round round(JsonNode trace, int number) {
    List<PolicyBatch.Row> rows = new ArrayList<>();
    for (JsonNode micro : trace.get("micro_batches")) {
      for (int c = 0;
          micro.get("gen").asInt() == number && c < micro.get("advantages").size();
          c++) {
        int[] mask = ints(micro.get("completion_mask").get(c));
        int length = Arrays.stream(mask).sum();
        rows.add(
            new PolicyBatch.Row(
                lastMasked(micro.get("prompt_ids").get(c), micro.get("prompt_mask").get(c)),
                Arrays.copyOf(ints(micro.get("completion_ids").get(c)), Math.max(1, length)),
                micro.get("advantages").get(c).floatValue(),
                length == 0,
                logProbs(micro, "old_per_token_logps", c, length),
                logProbs(micro, "ref_per_token_logps", c, length)));
      }
    }
    return Round.trusted(rows);
  }

  private static Optional<float[]> logProbs(JsonNode micro, String name, int c, int length) {
    if (!micro.hasNonNull(name)) {
      return Optional.empty();
    }
    float[] values = new float[Math.max(1, length)];
    for (int t = 0; t < length; t++) {
      values[t] = micro.get(name).get(c).get(t).floatValue();
    }
    return Optional.of(values);
  }

  private static int[] ints(JsonNode array) {
    int[] values = new int[array.size()];
    Arrays.setAll(values, i -> array.get(i).asInt());
    return values;
  }

  /** Prompts are padded on the left. */
  private static int[] lastMasked(JsonNode ids, JsonNode mask) {
    int[] all = ints(ids);
    return Arrays.copyOfRange(all, all.length - Arrays.stream(ints(mask)).sum(), all.length);
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

  private static void checkResult(String run, ParameterLayout layout, float[] start, float[] end)
      throws IOException {
    Path adapter = run(run).resolve("final_adapter.safetensors");
    boolean whole = Files.exists(adapter);
    Path file = whole ? adapter : run(run).resolve("final_weights_subset.safetensors");
    double difference = 0;
    double way = 0;
    try (SafeTensors tensors = SafeTensors.open(file)) {
      for (SafeTensors.TensorInfo info : tensors.tensors()) {
        int offset = (int) layout.entry(info.name()).orElseThrow().offset();
        float[] expected = floats(tensors, info.name());
        for (int i = 0; i < expected.length; i++) {
          if (!whole) {
            assertThat((double) end[offset + i])
                .as("%s, element %d", info.name(), i)
                .isCloseTo(expected[i], within(WEIGHTS));
          }
          difference += Math.pow((double) end[offset + i] - expected[i], 2);
          way += Math.pow((double) expected[i] - start[offset + i], 2);
        }
      }
    }
    assertThat(way).isPositive();
    assertThat(Math.sqrt(difference / way)).isLessThan(RESULT);
  }
}
