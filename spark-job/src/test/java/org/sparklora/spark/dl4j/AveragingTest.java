package org.sparklora.spark.dl4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.sparklora.spark.dl4j.TinyAdapter.round;
import static org.sparklora.spark.dl4j.TinyAdapter.rows;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.apache.spark.TaskContextImpl;
import org.apache.spark.TaskKilledException;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.serializer.KryoSerializer;
import org.apache.spark.sql.SparkSession;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.dataset.DataSet;
import org.sparklora.model.engine.tensor.NativeMemory;
import org.sparklora.spark.cli.TestSpark;
import org.sparklora.train.AveragingError;
import org.sparklora.train.StepRows;
import org.sparklora.train.meter.ExecutorUse;
import org.sparklora.train.step.AveragingSettings;
import org.sparklora.train.step.RoundReport;
import org.sparklora.train.step.SummedGradients;
import org.sparklora.train.vector.FlatVector;
import org.sparklora.train.vector.VectorType;
import org.sparklora.train.workers.LocalWorkers;
import org.sparklora.train.workers.Workers;

/** Parameter averaging over several workers, in place and over the wire. */
class AveragingTest extends TinyAdapterRuns {
  private static final AveragingSettings MEAN = TinyAdapter.mean(2, VectorType.FLOAT32);

  @Test
  void severalWorkersGiveTheMeanOfWhatEachGivesAlone() {
    List<List<StepRows>> steps = round(2, 0);
    TrainedNetwork both = adapter.network(4);
    RoundReport report = adapter.averaging(workers(2), both, MEAN).train(steps);
    float[] averaged = adapter.parameters(both).toArray();

    List<float[]> alone = new ArrayList<>();
    for (List<StepRows> worker : steps) {
      TrainedNetwork one = adapter.network(4);
      adapter.averaging(workers(1), one, MEAN).train(List.of(worker));
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

  /** Vectors that do not arrive. */
  private record Lost() implements RoundVectors.OfWorkers {
    @Override
    public void load(int worker, TrainedNetwork network) {
      throw new IllegalStateException("the vectors are lost");
    }

    @Override
    public List<FlatVector> given(int worker, TrainedNetwork network) {
      throw new IllegalStateException("nothing was trained");
    }
  }

  private static AveragingWorker workerWithoutVectors() {
    try (TrainedNetwork network = adapter.network(4)) {
      return new AveragingWorker(
          network.network().getLayerWiseConfigurations(),
          rows(),
          new Lost(),
          AveragingError.none(),
          AveragingWorker.IN_TASK);
    }
  }

  /** Runs work as a task of Spark's, to its end. */
  private static void inTask(Consumer<TaskContextImpl> work) {
    TaskContextImpl task = org.apache.spark.TaskContext$.MODULE$.empty();
    org.apache.spark.TaskContext$.MODULE$.setTaskContext(task);
    try {
      work.accept(task);
    } finally {
      task.markTaskCompleted(scala.Option.empty());
      org.apache.spark.TaskContext$.MODULE$.unset();
    }
  }

  /** An attempt that another overtakes, where Spark speculates: its executor lives on. */
  @Test
  void aTaskThatFailsFreesItsNetwork() {
    AveragingWorker worker = workerWithoutVectors();
    long before = NativeMemory.liveBytes();
    inTask(task -> assertThatThrownBy(worker::getInitialModel).hasMessage("the vectors are lost"));
    assertThat(NativeMemory.liveBytes()).isEqualTo(before);
  }

  /** DL4J would take all steps of the round. */
  @Test
  void aTaskThatIsKilledTakesNoFurtherStep() {
    AveragingWorker worker = workerWithoutVectors();
    DataSet step = AveragingWorker.dataSet(round(1, 0).get(0).get(0));
    inTask(
        task -> {
          task.markInterrupted("cancelled");
          assertThatThrownBy(() -> worker.processMinibatch(step, (MultiLayerNetwork) null, false))
              .isInstanceOf(TaskKilledException.class);
        });
  }

  @Test
  void momentsOutliveTheRound() {
    TrainedNetwork network = adapter.network(8);
    ParameterAveraging averaging = adapter.averaging(workers(2), network, MEAN);
    averaging.train(round(2, 0));
    double first = network.network().getUpdater().getStateViewArray().norm2Number().doubleValue();
    averaging.train(round(2, 2));

    assertThat(first).isPositive();
    assertThat(network.network().getUpdater().getStateViewArray().norm2Number().doubleValue())
        .isNotEqualTo(first);
    assertThat(network.network().getLayerWiseConfigurations().getIterationCount()).isEqualTo(4);
  }

  @Test
  void inPlaceAndOverTheWireGiveTheSameAndOnlyAdapterSizedObjectsTravel() throws TimeoutException {
    Traffic local = new Traffic();
    float[] inPlace = train(spark, 2, local);
    TestSpark.shareMemory(false);
    Traffic wire = new Traffic();
    float[] overWire = train(spark, 2, wire);
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
  void kryoAndJavaGiveTheSame() throws TimeoutException {
    TestSpark.shareMemory(false);
    float[] java = train(spark, 2, new Traffic());
    float[] javaBySums = trainBySums(spark);
    float[] javaInIntegers = OuterStepTest.train(spark, VectorType.INT4, new ArrayList<>());
    spark.close(); // there is one session at a time
    Traffic local = new Traffic();
    try (SparkSession kryo =
        TestSpark.builder(3)
            .config("spark.serializer", KryoSerializer.class.getName())
            .config("spark.kryo.registrator", LoraRegistrator.class.getName())
            .getOrCreate()) {
      assertThat(train(kryo, 2, local)).isEqualTo(java);
      TestSpark.shareMemory(false);
      assertThat(train(kryo, 2, new Traffic())).isEqualTo(java);
      assertThat(trainBySums(kryo)).isEqualTo(javaBySums);
      assertThat(OuterStepTest.train(kryo, VectorType.INT4, new ArrayList<>()))
          .isEqualTo(javaInIntegers);
    } finally {
      spark = TestSpark.open(3);
    }
    assertThat(local.largestResult()).isLessThan(Float.BYTES * adapter.model().layout().size());
  }

  @Test
  void threeWorkersAreAveragedAlikeInPlaceAndOverTheWire() throws TimeoutException {
    float[] inPlace = train(spark, 3, new Traffic());
    TestSpark.shareMemory(false);
    assertThat(train(spark, 3, new Traffic())).isEqualTo(inPlace);
  }

  @Test
  void summedGradientsAreTheSameInPlaceAndOverTheWire() {
    float[] inPlace = trainBySums(spark);
    TestSpark.shareMemory(false);
    float[] overWire = trainBySums(spark);
    for (int i = 0; i < inPlace.length; i++) {
      // two partial sums instead of one, in float32; Adam passes on a fraction of the rate at most
      assertThat(overWire[i]).isCloseTo(inPlace[i], within(1e-5f));
    }
  }

  /** Two steps, each of two micro-batches on a worker each. */
  private static float[] trainBySums(SparkSession session) {
    TrainedNetwork network = adapter.network(4);
    Workers workers = workers(session, 2);
    SummedGradients sums = new SummedGradients(workers, network.vectors(), rows());
    for (int step = 0; step < 2; step++) {
      List<List<StepRows>> shares = new ArrayList<>();
      for (int worker = 0; worker < 2; worker++) {
        StepRows rows = round(2, 0).get(worker).get(step);
        shares.add(List.of(new StepRows(step, worker, 22, rows.microBatches())));
      }
      ExecutorUse use = sums.train(shares).use();
      // parameters to one executor, gradients of two workers
      double vectors = workers instanceof LocalWorkers ? 0 : 3;
      assertThat(use.metrics(1, 1))
          .containsEntry("averaging_bytes", vectors * Float.BYTES * adapter.model().layout().size())
          .containsKeys("executors/driver/tokens_per_second", "executors/min_tokens_per_second");
    }
    return adapter.parameters(network).toArray();
  }

  private static float[] train(SparkSession session, int workers, Traffic traffic)
      throws TimeoutException {
    session.sparkContext().addSparkListener(traffic);
    TrainedNetwork network = adapter.network(4);
    traffic.use =
        adapter.averaging(workers(session, workers), network, MEAN).train(round(workers, 0)).use();
    TestSpark.awaitListeners(session);
    session.sparkContext().removeSparkListener(traffic);
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
