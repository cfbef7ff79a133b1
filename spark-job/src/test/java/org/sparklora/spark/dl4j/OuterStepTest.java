package org.sparklora.spark.dl4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.sparklora.spark.dl4j.TinyAdapter.rows;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.serializer.KryoSerializer;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.sparklora.model.engine.tensor.NativeMemory;
import org.sparklora.spark.cli.TestSpark;
import org.sparklora.spark.workers.ExecutorWorkers;
import org.sparklora.train.ExecutorModel;
import org.sparklora.train.StepRows;
import org.sparklora.train.TrainingPlan;
import org.sparklora.train.TrainingRows;
import org.sparklora.train.step.AveragingSettings;
import org.sparklora.train.step.InnerMoments;
import org.sparklora.train.step.OuterOptimizer;
import org.sparklora.train.step.RoundReport;
import org.sparklora.train.vector.VectorType;

/** Rounds with an outer optimizer, in place and over the wire. */
class OuterStepTest {
  private static final int WORKERS = 2;
  private static final int STEPS = 2;

  @TempDir private Path folder;
  private TinyAdapter adapter;
  private final TrainingPlan plan = TinyAdapter.plan();

  @BeforeEach
  void prepare() throws IOException {
    adapter = TinyAdapter.in(folder);
  }

  @AfterEach
  void freeTheModel() {
    ExecutorModel.release(adapter.model());
  }

  private static AveragingSettings settings(VectorType onWire) {
    return new AveragingSettings(
        STEPS, new OuterOptimizer.Settings(1, 0.5), InnerMoments.KEPT, false, onWire, 3);
  }

  private List<List<StepRows>> steps(TrainingRows rows, int round) {
    return IntStream.range(0, WORKERS)
        .mapToObj(worker -> rows.ofWorker(worker, plan.steps(STEPS * round, STEPS * round + STEPS)))
        .toList();
  }

  /** Three rounds, of which the last two begin with what processes kept. */
  private float[] train(SparkSession session, AveragingSettings settings, List<RoundReport> told) {
    JavaSparkContext spark = new JavaSparkContext(session.sparkContext());
    TrainingRows rows = rows();
    try (TrainedNetwork network = adapter.network(8);
        ParameterAveraging averaging = averaging(spark, network, rows, settings)) {
      for (int round = 0; round < 3; round++) {
        told.add(averaging.train(steps(rows, round)));
      }
      return adapter.parameters(network).toArray();
    }
  }

  private ParameterAveraging averaging(
      JavaSparkContext spark,
      TrainedNetwork network,
      TrainingRows rows,
      AveragingSettings settings) {
    return new ParameterAveraging(
        ExecutorWorkers.of(spark, WORKERS), adapter.model(), network, rows, plan, settings);
  }

  private static SparkSession overWire() {
    return TestSpark.builder(WORKERS).config(ExecutorWorkers.SHARED_MEMORY, "false").getOrCreate();
  }

  @ParameterizedTest
  @EnumSource
  void inPlaceAndOverTheWireGiveTheSameBits(VectorType onWire) {
    float[] inPlace;
    try (SparkSession session = TestSpark.open(WORKERS)) {
      inPlace = train(session, settings(onWire), new ArrayList<>());
    }
    List<RoundReport> told = new ArrayList<>();
    try (SparkSession session = overWire()) {
      assertThat(train(session, settings(onWire), told)).isEqualTo(inPlace);
    }
    // whole parameters to the one executor at first, then updates; changes from two workers
    long size = adapter.model().layout().size();
    double update = onWire.bytes(size);
    assertThat(told)
        .extracting(round -> round.use().metrics(1, 1).get("averaging_bytes"))
        .containsExactly(4.0 * size + 2 * update, 3 * update, 3 * update);
  }

  @Test
  void integersCrossUnderKryo() {
    AveragingSettings settings = settings(VectorType.INT4);
    float[] java;
    try (SparkSession session = overWire()) {
      java = train(session, settings, new ArrayList<>());
    }
    try (SparkSession session =
        TestSpark.builder(WORKERS)
            .config("spark.serializer", KryoSerializer.class.getName())
            .config("spark.kryo.registrator", LoraRegistrator.class.getName())
            .config(ExecutorWorkers.SHARED_MEMORY, "false")
            .getOrCreate()) {
      assertThat(train(session, settings, new ArrayList<>())).isEqualTo(java);
    }
  }

  /** Rate 1 without momentum is the mean; all rows of the tiny adapter have as many tokens. */
  @Test
  void withoutMomentumTheFirstRoundIsTheMean() {
    AveragingSettings mean =
        new AveragingSettings(
            STEPS,
            OuterOptimizer.Settings.AVERAGE,
            InnerMoments.KEPT,
            false,
            VectorType.FLOAT32,
            3);
    TrainingRows rows = rows();
    try (SparkSession session = TestSpark.open(WORKERS);
        TrainedNetwork ours = adapter.network(8);
        TrainedNetwork theirs = adapter.network(8)) {
      JavaSparkContext spark = new JavaSparkContext(session.sparkContext());
      for (AveragingSettings settings :
          List.of(mean, TinyAdapter.mean(STEPS, VectorType.FLOAT32))) {
        TrainedNetwork network = settings == mean ? ours : theirs;
        try (ParameterAveraging averaging = averaging(spark, network, rows, settings)) {
          averaging.train(steps(rows, 0));
        }
      }
      float[] expected = adapter.parameters(theirs).toArray();
      float[] actual = adapter.parameters(ours).toArray();
      for (int i = 0; i < expected.length; i++) {
        assertThat(actual[i]).isEqualTo(expected[i], within(1e-7f));
      }
    }
  }

  @Test
  void executorsFreeWhatTheyKeptWhenTheRunEnds() {
    try (SparkSession session = overWire()) {
      train(session, settings(VectorType.INT8), new ArrayList<>()); // loads the model
      long before = NativeMemory.liveBytes();
      train(session, settings(VectorType.INT8), new ArrayList<>());
      assertThat(NativeMemory.liveBytes()).isEqualTo(before);
    }
  }
}
