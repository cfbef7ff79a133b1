package org.sparklora.spark.dl4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.sparklora.spark.dl4j.TinyAdapter.round;
import static org.sparklora.spark.dl4j.TinyAdapter.rows;

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
import org.sparklora.spark.cli.TestSpark;
import org.sparklora.spark.workers.ExecutorWorkers;
import org.sparklora.train.ExecutorModel;
import org.sparklora.train.StepRows;
import org.sparklora.train.meter.ExecutorUse;
import org.sparklora.train.step.RoundReport;
import org.sparklora.train.step.SummedGradients;
import org.sparklora.train.vector.VectorType;

/** Parameter averaging over several workers, in place and over the wire. */
class AveragingTest {
  @TempDir private Path folder;
  private TinyAdapter adapter;

  @BeforeEach
  void prepare() throws IOException {
    adapter = TinyAdapter.in(folder);
  }

  @AfterEach
  void freeTheModel() {
    ExecutorModel.release(adapter.model());
  }

  @Test
  void severalWorkersGiveTheMeanOfWhatEachGivesAlone() {
    try (SparkSession session = TestSpark.open(2)) {
      JavaSparkContext spark = new JavaSparkContext(session.sparkContext());
      List<List<StepRows>> steps = round(2, 0);
      TrainedNetwork both = adapter.network(4);
      RoundReport report =
          new ParameterAveraging(
                  ExecutorWorkers.of(spark, 2),
                  adapter.model(),
                  both,
                  rows(),
                  TinyAdapter.plan(),
                  TinyAdapter.mean(2, VectorType.FLOAT32))
              .train(steps);
      float[] averaged = adapter.parameters(both).toArray();

      List<float[]> alone = new ArrayList<>();
      for (List<StepRows> worker : steps) {
        TrainedNetwork one = adapter.network(4);
        new ParameterAveraging(
                ExecutorWorkers.of(spark, 1),
                adapter.model(),
                one,
                rows(),
                TinyAdapter.plan(),
                TinyAdapter.mean(2, VectorType.FLOAT32))
            .train(List.of(worker));
        alone.add(adapter.parameters(one).toArray());
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
      TrainedNetwork network = adapter.network(8);
      ParameterAveraging averaging =
          new ParameterAveraging(
              ExecutorWorkers.of(spark, 2),
              adapter.model(),
              network,
              rows(),
              TinyAdapter.plan(),
              TinyAdapter.mean(2, VectorType.FLOAT32));
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
        TestSpark.builder(2).config(ExecutorWorkers.SHARED_MEMORY, "false").getOrCreate()) {
      overWire = train(session, wire);
    }
    long adapterBytes = Float.BYTES * adapter.model().layout().size();
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
    assertThat(local.largestResult()).isLessThan(Float.BYTES * adapter.model().layout().size());
  }

  private static SparkSession overWire(Class<?> serializer) {
    return kryo(TestSpark.builder(2))
        .config("spark.serializer", serializer.getName())
        .config(ExecutorWorkers.SHARED_MEMORY, "false")
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
        TestSpark.builder(3).config(ExecutorWorkers.SHARED_MEMORY, "false").getOrCreate()) {
      assertThat(train(session, 3)).isEqualTo(inPlace);
    }
  }

  @Test
  void summedGradientsAreTheSameInPlaceAndOverTheWire() {
    float[] inPlace;
    try (SparkSession session = TestSpark.open(2)) {
      inPlace = trainBySums(session);
    }
    float[] overWire;
    try (SparkSession session =
        TestSpark.builder(2).config(ExecutorWorkers.SHARED_MEMORY, "false").getOrCreate()) {
      overWire = trainBySums(session);
    }
    for (int i = 0; i < inPlace.length; i++) {
      // two partial sums instead of one, in float32; Adam passes on a fraction of the rate at most
      assertThat(overWire[i]).isCloseTo(inPlace[i], within(1e-5f));
    }
  }

  /** Two steps, each of two micro-batches on a worker each. */
  private float[] trainBySums(SparkSession session) {
    TrainedNetwork network = adapter.network(4);
    JavaSparkContext spark = new JavaSparkContext(session.sparkContext());
    SummedGradients sums =
        new SummedGradients(ExecutorWorkers.of(spark, 2), network.vectors(), rows());
    for (int step = 0; step < 2; step++) {
      List<List<StepRows>> shares = new ArrayList<>();
      for (int worker = 0; worker < 2; worker++) {
        StepRows rows = round(2, 0).get(worker).get(step);
        shares.add(List.of(new StepRows(step, worker, 22, rows.microBatches())));
      }
      ExecutorUse use = sums.train(shares).use();
      boolean sent = !session.conf().get(ExecutorWorkers.SHARED_MEMORY, "true").equals("true");
      double vectors = sent ? 3 : 0; // parameters to one executor, gradients of two workers
      assertThat(use.metrics(1, 1))
          .containsEntry("averaging_bytes", vectors * Float.BYTES * adapter.model().layout().size())
          .containsKeys("executors/driver/tokens_per_second", "executors/min_tokens_per_second");
    }
    return adapter.parameters(network).toArray();
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
    TrainedNetwork network = adapter.network(4);
    traffic.use =
        new ParameterAveraging(
                ExecutorWorkers.of(spark, workers),
                adapter.model(),
                network,
                rows(),
                TinyAdapter.plan(),
                TinyAdapter.mean(2, VectorType.FLOAT32))
            .train(round(workers, 0))
            .use();
    return adapter.parameters(network).toArray();
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
