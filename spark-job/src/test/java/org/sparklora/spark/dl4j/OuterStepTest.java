package org.sparklora.spark.dl4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.sparklora.model.engine.tensor.NativeMemory;
import org.sparklora.spark.cli.TestSpark;
import org.sparklora.train.StepRows;
import org.sparklora.train.TrainingPlan;
import org.sparklora.train.step.AveragingSettings;
import org.sparklora.train.step.OuterOptimizer;
import org.sparklora.train.step.RoundReport;
import org.sparklora.train.vector.VectorType;

/** Rounds with an outer optimizer, in place and over the wire. */
class OuterStepTest extends TinyAdapterRuns {
  private static final int WORKERS = 2;
  private static final int STEPS = 2;

  private static final TrainingPlan PLAN = TinyAdapter.plan();

  private static AveragingSettings settings(VectorType onWire) {
    return new AveragingSettings(
        STEPS, new OuterOptimizer.Settings(1, 0.5), true, false, onWire, 3);
  }

  private static List<List<StepRows>> steps(int round) {
    int first = STEPS * round;
    return IntStream.range(0, WORKERS)
        .mapToObj(worker -> TinyAdapter.rows().ofWorker(worker, PLAN.steps(first, first + STEPS)))
        .toList();
  }

  /** Three rounds, of which the last two begin with what processes kept. */
  static float[] train(SparkSession session, VectorType onWire, List<RoundReport> told) {
    try (TrainedNetwork network = adapter.network(8);
        ParameterAveraging averaging =
            adapter.averaging(workers(session, WORKERS), network, settings(onWire))) {
      for (int round = 0; round < 3; round++) {
        told.add(averaging.train(steps(round)));
      }
      return adapter.parameters(network).toArray();
    }
  }

  @ParameterizedTest
  @EnumSource
  void inPlaceAndOverTheWireGiveTheSameBits(VectorType onWire) {
    float[] inPlace = train(spark, onWire, new ArrayList<>());
    List<RoundReport> told = new ArrayList<>();
    TestSpark.shareMemory(false);
    assertThat(train(spark, onWire, told)).isEqualTo(inPlace);
    // whole parameters to the one executor at first, then updates; changes from two workers
    long size = adapter.model().layout().size();
    double update = onWire.bytes(size);
    assertThat(told)
        .extracting(round -> round.use().metrics(1, 1).get("averaging_bytes"))
        .containsExactly(4.0 * size + 2 * update, 3 * update, 3 * update);
  }

  /** Rate 1 without momentum is the mean; all rows of the tiny adapter have as many tokens. */
  @Test
  void withoutMomentumTheFirstRoundIsTheMean() {
    AveragingSettings mean =
        new AveragingSettings(
            STEPS, OuterOptimizer.Settings.AVERAGE, true, false, VectorType.FLOAT32, 3);
    float[] actual = trainedARound(mean);
    float[] expected = trainedARound(TinyAdapter.mean(STEPS, VectorType.FLOAT32));
    for (int i = 0; i < expected.length; i++) {
      assertThat(actual[i]).isEqualTo(expected[i], within(1e-7f));
    }
  }

  private float[] trainedARound(AveragingSettings settings) {
    try (TrainedNetwork network = adapter.network(8);
        ParameterAveraging averaging = adapter.averaging(workers(WORKERS), network, settings)) {
      averaging.train(steps(0));
      return adapter.parameters(network).toArray();
    }
  }

  @Test
  void executorsFreeWhatTheyKeptWhenTheRunEnds() {
    TestSpark.shareMemory(false);
    train(spark, VectorType.INT8, new ArrayList<>()); // loads the model
    long before = NativeMemory.liveBytes();
    train(spark, VectorType.INT8, new ArrayList<>());
    assertThat(NativeMemory.liveBytes()).isEqualTo(before);
  }
}
