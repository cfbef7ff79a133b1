package org.sparklora.spark.workers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.sparklora.model.engine.Engines;
import org.sparklora.spark.cli.TestSpark;
import org.sparklora.train.meter.ExecutorMeter;
import org.sparklora.train.vector.FlatVector;
import org.sparklora.train.workers.LocalWorkers;
import org.sparklora.train.workers.SharedVector;
import org.sparklora.train.workers.Workers;

/** What this process and executors have in common. */
class WorkersTest {
  private static SparkSession spark;

  @BeforeAll
  static void openSpark() {
    spark = TestSpark.builder(3).config("spark.sparklora.sharedMemory", "false").getOrCreate();
  }

  @AfterAll
  static void closeSpark() {
    spark.close();
  }

  static List<Workers> workers() {
    JavaSparkContext context = new JavaSparkContext(spark.sparkContext());
    return List.of(
        new LocalWorkers(),
        ExecutorWorkers.of(context, 1, new PlacedJob(context)),
        ExecutorWorkers.of(context, 3, new PlacedJob(context)),
        ExecutorWorkers.of(context, 20, new PlacedJob(context)));
  }

  @ParameterizedTest
  @MethodSource("workers")
  void resultsComeInTheOrderOfTheParts(Workers workers) {
    List<Integer> parts = IntStream.range(0, 11).boxed().toList();
    List<Integer> results = new ArrayList<>();

    workers.forEach("square", parts, part -> part * part, results::add);

    assertThat(results).containsExactly(0, 1, 4, 9, 16, 25, 36, 49, 64, 81, 100);
    assertThat(workers.<Integer, Integer>map("copy", List.of(), part -> part)).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("workers")
  void workReadsSharedVectors(Workers workers) {
    try (FlatVector vector = new FlatVector(3)) {
      Engines.host().alias(vector.pointer(), 3).tensor().write(0, new float[] {1, 2, 4}, 0, 3);
      try (SharedVector shared = workers.share(FlatVector.over(vector.pointer(), 3))) {
        List<Float> read = workers.map("read", List.of(2, 0, 1), new Element(shared));
        assertThat(read).containsExactly(4f, 1f, 2f);
      }
    }
  }

  @Test
  void executorsTellWhatTheyDidAndWhatWasSent() {
    Workers three = workers().get(2);
    try (FlatVector vector = new FlatVector(3);
        SharedVector shared = three.share(FlatVector.over(vector.pointer(), 3))) {
      ExecutorMeter.here().read("driver"); // what other tests did is not ours
      three.map("train", List.of(2, 0, 1), new Train(shared)).forEach(FlatVector::close);
      three.map("train", List.of(1), new Train(shared)).forEach(FlatVector::close);

      assertThat(three.takeUse().metrics(2, 4))
          .containsEntry("executors/count", 1)
          .containsEntry("executors/driver/tokens_per_second", 1000.0)
          // 4 parts of a millisecond each, of 2 seconds in 4 rounds
          .containsEntry("averaging_seconds", (2 - 0.004) / 4)
          // 12 bytes for all parts to one executor, 8 back from each
          .containsEntry("averaging_bytes", (12 + 4 * 8) / 4.0);
      assertThat(three.takeUse().metrics(1, 1)).containsEntry("executors/count", 0);
    }
  }

  /** Says to have trained on a token in a millisecond, and returns two floats. */
  private record Train(SharedVector vector) implements Workers.Work<Integer, FlatVector> {
    @Override
    public FlatVector run(Integer index) {
      ExecutorMeter.here().trained(1, 1_000_000);
      new Element(vector).run(index);
      return new FlatVector(2).handedOver();
    }
  }

  private record Element(SharedVector vector) implements Workers.Work<Integer, Float> {
    @Override
    public Float run(Integer index) {
      float[] value = new float[1];
      Engines.host().alias(vector.vector().pointer(), 3).tensor().read(index, value, 0, 1);
      return value[0];
    }
  }

  @ParameterizedTest
  @MethodSource("workers")
  void aFailureEndsTheWorkAndIsTold(Workers workers) {
    List<Integer> parts = IntStream.range(0, 7).boxed().toList();
    List<Integer> results = new ArrayList<>();

    assertThatThrownBy(
            () -> workers.forEach("count", parts, WorkersTest::allButTheFourth, results::add))
        .hasStackTraceContaining("part 3 cannot be done");
    assertThat(results).hasSizeLessThanOrEqualTo(3);

    assertThatThrownBy(
            () ->
                workers.forEach(
                    "copy",
                    parts,
                    part -> part,
                    result -> {
                      throw new IllegalStateException("no room for " + result);
                    }))
        .hasStackTraceContaining("no room for 0");
  }

  private static Integer allButTheFourth(Integer part) {
    if (part == 3) {
      throw new IllegalArgumentException("part 3 cannot be done");
    }
    return part;
  }

  @Test
  void sharesAreRunsOfNearlyEqualLength() {
    Workers three = workers().get(2);

    assertThat(three.shares(List.of(1, 2, 3, 4, 5, 6, 7)))
        .containsExactly(List.of(1, 2), List.of(3, 4), List.of(5, 6, 7));
    assertThat(three.shares(List.of(1, 2))).containsExactly(List.of(1), List.of(2));
    assertThat(three.shares(List.of())).isEmpty();
  }
}
