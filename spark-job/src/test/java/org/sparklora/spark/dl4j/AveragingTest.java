package org.sparklora.spark.dl4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.serializer.JavaSerializer;
import org.apache.spark.serializer.KryoSerializer;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.model.engine.Bfloat16;
import org.sparklora.model.engine.DType;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.Precision;
import org.sparklora.model.engine.Tensor;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.model.lora.LoraConfig;
import org.sparklora.model.lora.LoraTargets;
import org.sparklora.pipeline.config.OptimizerConfig;
import org.sparklora.pipeline.config.ScheduleConfig;
import org.sparklora.pipeline.table.PackedSequence;
import org.sparklora.spark.cli.TestModels;
import org.sparklora.spark.cli.TestSpark;
import org.sparklora.spark.meter.ExecutorUse;
import org.sparklora.spark.train.ExecutorModel;
import org.sparklora.spark.train.RowsInMemory;
import org.sparklora.spark.train.StepRows;
import org.sparklora.spark.train.TrainedModel;
import org.sparklora.spark.train.TrainingRows;
import org.sparklora.spark.workers.ExecutorsJob;
import org.sparklora.spark.workers.LocalWorkers;

/** Parameter averaging over several workers, in place and over the wire. */
class AveragingTest {
  @TempDir private Path folder;
  private TrainedModel model;

  @BeforeEach
  void prepare() throws IOException {
    Path checkpoint = TestModels.copy("llama-tiny", folder);
    model =
        TrainedModel.adapter(
            TestModels.source(checkpoint),
            new LoraConfig(4, 8, 0, false, LoraTargets.names(List.of("all-linear"))),
            Precision.FLOAT32,
            true,
            42);
  }

  @AfterEach
  void freeTheModel() {
    ExecutorModel.release(model);
  }

  private AdapterNetwork network(int totalSteps) {
    return network(totalSteps, 1e-3);
  }

  private AdapterNetwork network(int totalSteps, double learningRate) {
    OptimizerConfig optimizer = new OptimizerConfig(learningRate, 0.9, 0.999, 1e-8, 0.01, 1.0);
    AdapterNetwork network =
        AdapterNetwork.create(
            model, model.layout(), optimizer, ScheduleConfig.defaults(), totalSteps);
    ((AdapterLayout) model.layout()).initialize(parameters(network), 1);
    return network;
  }

  private Tensor parameters(AdapterNetwork network) {
    return Engines.shared().alias(network.parameters(), model.layout().size()).tensor();
  }

  private static final double SMALL_RATE = 3e-5;
  private static final int MOST_WORKERS = 8;
  private static final int MOST_STEPS = 4;

  /** Worker w's row of step s is number {@code MOST_STEPS · w + s}; all differ. */
  private static TrainingRows rows() {
    List<PackedSequence> rows = new ArrayList<>();
    for (int worker = 0; worker < MOST_WORKERS; worker++) {
      for (int step = 0; step < MOST_STEPS; step++) {
        int[] tokens = new int[12];
        for (int i = 0; i < tokens.length; i++) {
          tokens[i] = (31 * i + 7 * worker + (step < 2 ? 3 * step : 3 * step - 4)) % 500;
        }
        rows.add(new PackedSequence(tokens, tokens, new int[] {tokens.length}));
      }
    }
    return RowsInMemory.of(rows);
  }

  /** Two steps for each worker; worker w's rows differ from the others'. */
  private static List<List<StepRows>> round(int workers, int firstStep) {
    List<List<StepRows>> round = new ArrayList<>();
    for (int worker = 0; worker < workers; worker++) {
      List<StepRows> steps = new ArrayList<>();
      for (int step = firstStep; step < firstStep + 2; step++) {
        int[] row = {MOST_STEPS * worker + step};
        steps.add(new StepRows(step, 0, 11, List.of(row)));
      }
      round.add(steps);
    }
    return round;
  }

  @Test
  void severalWorkersGiveTheMeanOfWhatEachGivesAlone() {
    try (SparkSession session = TestSpark.open(2)) {
      JavaSparkContext spark = new JavaSparkContext(session.sparkContext());
      List<List<StepRows>> steps = round(2, 0);
      AdapterNetwork both = network(4);
      RoundReport report =
          new ParameterAveraging(ExecutorsJob.of(spark, 2), model, both, rows(), 2, DType.FLOAT32)
              .train(steps);
      float[] averaged = parameters(both).toArray();

      List<float[]> alone = new ArrayList<>();
      for (List<StepRows> worker : steps) {
        AdapterNetwork one = network(4);
        new ParameterAveraging(ExecutorsJob.of(spark, 1), model, one, rows(), 2, DType.FLOAT32)
            .train(List.of(worker));
        alone.add(parameters(one).toArray());
      }
      for (int i = 0; i < averaged.length; i++) {
        float mean = (alone.get(0)[i] + alone.get(1)[i]) / 2;
        assertThat(averaged[i]).isEqualTo(mean, within(Math.ulp(mean)));
      }
      assertThat(report.steps()).extracting(metrics -> metrics.step()).containsExactly(0, 1);
      assertThat(report.steps().get(0).tokens()).isEqualTo(24);
      assertThat(report.averagingError().orElseThrow()).isPositive().isLessThan(1);
      Map<String, Number> use = report.use().metrics(60, 1);
      assertThat(use)
          .containsEntry("executors/count", 1)
          .containsEntry("averaging_bytes", 0.0)
          .containsKey("executors/driver/peak_memory_heap");
      // 48 tokens took longer than nothing and shorter than a minute
      assertThat(use.get("averaging_seconds").doubleValue()).isBetween(0.0, 60.0);
      assertThat(use.get("executors/driver/tokens_per_second").doubleValue())
          .isGreaterThan(48 / 60.0)
          .isFinite()
          .isEqualTo(48 / (60 - use.get("averaging_seconds").doubleValue()), within(1e-6));
    }
  }

  @Test
  void momentsOutliveTheRound() {
    try (SparkSession session = TestSpark.open(2)) {
      JavaSparkContext spark = new JavaSparkContext(session.sparkContext());
      AdapterNetwork network = network(8);
      ParameterAveraging averaging =
          new ParameterAveraging(
              ExecutorsJob.of(spark, 2), model, network, rows(), 2, DType.FLOAT32);
      averaging.train(round(2, 0));
      double first = network.network().getUpdater().getStateViewArray().norm2Number().doubleValue();
      averaging.train(round(2, 2));

      assertThat(first).isPositive();
      assertThat(network.network().getUpdater().getStateViewArray().norm2Number().doubleValue())
          .isNotEqualTo(first);
      assertThat(network.network().getLayerWiseConfigurations().getIterationCount()).isEqualTo(4);
    }
  }

  @Test
  void inPlaceAndOverTheWireGiveTheSameAndOnlyAdapterSizedObjectsTravel() {
    float[] inPlace;
    Traffic local = new Traffic();
    try (SparkSession session = TestSpark.open(2)) {
      inPlace = train(session, local);
    }
    Traffic wire = new Traffic();
    float[] overWire;
    try (SparkSession session =
        TestSpark.builder(2).config(ExecutorsJob.SHARED_MEMORY, "false").getOrCreate()) {
      overWire = train(session, wire);
    }
    long adapterBytes = Float.BYTES * model.layout().size();
    System.out.printf(
        "One averaging round, 2 workers, adapter of %,d bytes (parameters and two moments: %,d):"
            + " results of %,d bytes a worker over the wire, %,d in place%n",
        adapterBytes, 3 * adapterBytes, wire.largestResult(), local.largestResult());

    assertThat(overWire).isEqualTo(inPlace);
    // a half of parameters and two moments, and two workers' sketches of 4/R of B; the base has 40
    // times as many bytes
    assertThat(wire.largestResult()).isBetween(3 * adapterBytes / 2, 3 * adapterBytes);
    assertThat(local.largestResult()).isLessThan(adapterBytes);
    assertThat(local.use.metrics(1, 1)).containsEntry("averaging_bytes", 0.0);
    // parameters and two moments to one executor and back from two workers
    assertThat(wire.use.metrics(1, 1)).containsEntry("averaging_bytes", 3.0 * 3 * adapterBytes);
  }

  @Test
  void kryoAndJavaGiveTheSame() {
    float[] java;
    float[] javaBySums;
    try (SparkSession session = overWire(JavaSerializer.class)) {
      java = train(session, new Traffic());
      javaBySums = trainBySums(session);
    }
    try (SparkSession session = overWire(KryoSerializer.class)) {
      assertThat(train(session, new Traffic())).isEqualTo(java);
      assertThat(trainBySums(session)).isEqualTo(javaBySums);
    }
    Traffic local = new Traffic();
    try (SparkSession session = kryo(TestSpark.builder(2)).getOrCreate()) {
      assertThat(train(session, local)).isEqualTo(java);
    }
    assertThat(local.largestResult()).isLessThan(Float.BYTES * model.layout().size());
  }

  private static SparkSession overWire(Class<?> serializer) {
    return kryo(TestSpark.builder(2))
        .config("spark.serializer", serializer.getName())
        .config(ExecutorsJob.SHARED_MEMORY, "false")
        .getOrCreate();
  }

  private static SparkSession.Builder kryo(SparkSession.Builder builder) {
    return builder
        .config("spark.serializer", KryoSerializer.class.getName())
        .config("spark.kryo.registrator", LoraRegistrator.class.getName());
  }

  @Test
  void threeWorkersAreAveragedAlikeInPlaceAndOverTheWire() {
    float[] inPlace;
    try (SparkSession session = TestSpark.open(3)) {
      inPlace = train(session, 3);
    }
    try (SparkSession session =
        TestSpark.builder(3).config(ExecutorsJob.SHARED_MEMORY, "false").getOrCreate()) {
      assertThat(train(session, 3)).isEqualTo(inPlace);
    }
  }

  /** Parameters change by less than half a unit of bfloat16's last place. */
  @Test
  void inBfloat16HalfOfTheBytesTravelAndWhatWorkersChangedIsAddedInFloat32() {
    AdapterNetwork network = network(4, SMALL_RATE);
    float[][] expected = state(network);
    float[] initial = expected[0];
    try (SparkSession session = overWire(JavaSerializer.class)) {
      for (int round = 0; round < 2; round++) {
        expected = roundedRound(expected, 2 * round);
      }
      JavaSparkContext spark = new JavaSparkContext(session.sparkContext());
      ParameterAveraging averaging =
          new ParameterAveraging(
              ExecutorsJob.of(spark, 2), model, network, rows(), 2, DType.BFLOAT16);
      averaging.train(round(2, 0));
      RoundReport report = averaging.train(round(2, 2));

      assertThat(state(network)).isDeepEqualTo(expected);
      assertThat(report.use().metrics(1, 1))
          .containsEntry("averaging_bytes", 3.0 * 3 * 2 * model.layout().size());
    }
    int large = 0;
    int changed = 0;
    for (int i = 0; i < initial.length; i++) {
      if (Math.abs(initial[i]) > 0.0625) { // B began at 0
        assertThat(expected[0][i]).isCloseTo(initial[i], within(Math.abs(initial[i]) / 512));
        large++;
        changed += expected[0][i] == initial[i] ? 0 : 1;
      }
    }
    assertThat(changed).as("count what bfloat16 does not show").isGreaterThan(large / 2);
  }

  /** What a round in bfloat16 is, from what each worker alone makes of the rounded state. */
  private float[][] roundedRound(float[][] state, int firstStep) {
    float[][] start = {rounded(state[0]), rounded(state[1])};
    List<float[][]> changes = new ArrayList<>();
    for (List<StepRows> worker : round(2, firstStep)) {
      try (AdapterNetwork alone = network(4, SMALL_RATE)) {
        write(alone, start);
        new ParameterAveraging(new LocalWorkers(), model, alone, rows(), 2, DType.FLOAT32)
            .train(List.of(worker));
        float[][] trained = state(alone);
        for (int v = 0; v < 2; v++) {
          for (int i = 0; i < trained[v].length; i++) {
            trained[v][i] -= start[v][i];
          }
          trained[v] = rounded(trained[v]);
        }
        changes.add(trained);
      }
    }
    float[][] next = {state[0].clone(), state[1].clone()};
    for (int v = 0; v < 2; v++) {
      float[] sum = new float[next[v].length];
      for (int i = 0; i < sum.length; i++) {
        sum[i] = changes.get(0)[v][i] + changes.get(1)[v][i];
      }
      float[] sent = rounded(sum);
      for (int i = 0; i < sum.length; i++) {
        next[v][i] += sent[i] / 2;
      }
    }
    return next;
  }

  private static float[] rounded(float[] values) {
    float[] rounded = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      rounded[i] = Bfloat16.toFloat(Bfloat16.fromFloat(values[i]));
    }
    return rounded;
  }

  /** Parameters and moments. */
  private float[][] state(AdapterNetwork network) {
    return new float[][] {parameters(network).toArray(), moments(network).toArray()};
  }

  private void write(AdapterNetwork network, float[][] state) {
    parameters(network).write(0, state[0], 0, state[0].length);
    moments(network).write(0, state[1], 0, state[1].length);
  }

  private Tensor moments(AdapterNetwork network) {
    return Engines.shared().alias(network.moments(), 2 * model.layout().size()).tensor();
  }

  @Test
  void summedGradientsAreTheSameInPlaceAndOverTheWire() {
    float[] inPlace;
    try (SparkSession session = TestSpark.open(2)) {
      inPlace = trainBySums(session);
    }
    float[] overWire;
    try (SparkSession session =
        TestSpark.builder(2).config(ExecutorsJob.SHARED_MEMORY, "false").getOrCreate()) {
      overWire = trainBySums(session);
    }
    for (int i = 0; i < inPlace.length; i++) {
      // two partial sums instead of one, in float32; Adam passes on a fraction of the rate at most
      assertThat(overWire[i]).isCloseTo(inPlace[i], within(1e-5f));
    }
  }

  /** Two steps, each of two micro-batches on a worker each. */
  private float[] trainBySums(SparkSession session) {
    AdapterNetwork network = network(4);
    JavaSparkContext spark = new JavaSparkContext(session.sparkContext());
    SummedGradients sums = new SummedGradients(ExecutorsJob.of(spark, 2), model, network, rows());
    for (int step = 0; step < 2; step++) {
      List<List<StepRows>> shares = new ArrayList<>();
      for (int worker = 0; worker < 2; worker++) {
        StepRows rows = round(2, 0).get(worker).get(step);
        shares.add(List.of(new StepRows(step, worker, 22, rows.microBatches())));
      }
      ExecutorUse use = sums.train(shares).use();
      boolean sent = !session.conf().get(ExecutorsJob.SHARED_MEMORY, "true").equals("true");
      double vectors = sent ? 3 : 0; // parameters to one executor, gradients of two workers
      assertThat(use.metrics(1, 1))
          .containsEntry("averaging_bytes", vectors * Float.BYTES * model.layout().size())
          .containsKeys("executors/driver/tokens_per_second", "executors/min_tokens_per_second");
    }
    return parameters(network).toArray();
  }

  private float[] train(SparkSession session, Traffic traffic) {
    session.sparkContext().addSparkListener(traffic);
    return train(session, 2, traffic);
  }

  private float[] train(SparkSession session, int workers) {
    return train(session, workers, new Traffic());
  }

  private float[] train(SparkSession session, int workers, Traffic traffic) {
    JavaSparkContext spark = new JavaSparkContext(session.sparkContext());
    AdapterNetwork network = network(4);
    traffic.use =
        new ParameterAveraging(
                ExecutorsJob.of(spark, workers), model, network, rows(), 2, DType.FLOAT32)
            .train(round(workers, 0))
            .use();
    return parameters(network).toArray();
  }

  /** What Spark measures of the tasks' results, and what a round says of itself. */
  private static final class Traffic extends SparkListener {
    private ExecutorUse use;
    private final AtomicLong largest = new AtomicLong();

    @Override
    public void onTaskEnd(SparkListenerTaskEnd task) {
      largest.accumulateAndGet(task.taskMetrics().resultSize(), Math::max);
    }

    long largestResult() {
      return largest.get();
    }
  }
}
