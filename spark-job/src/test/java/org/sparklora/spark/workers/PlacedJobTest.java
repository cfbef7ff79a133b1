package org.sparklora.spark.workers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.status.api.v1.ExecutorSummary;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.run.Interruption;
import org.sparklora.spark.cli.TestSpark;
import org.sparklora.train.vector.FlatVector;
import org.sparklora.train.workers.Workers;

/** What becomes of jobs that nobody waits for any more. */
class PlacedJobTest {
  /** The tasks of two tests count here. */
  private static final List<CountDownLatch> BEGUN =
      List.of(new CountDownLatch(1), new CountDownLatch(1));

  private static final List<CountDownLatch> ENDED =
      List.of(new CountDownLatch(1), new CountDownLatch(1));

  @AutoClose private static SparkSession session;
  private static JavaSparkContext spark;

  @BeforeAll
  static void openSpark() {
    session =
        TestSpark.builder(1)
            .config(ExecutorWorkers.SHARED_MEMORY, "false")
            .config(ExecutorWorkers.MAX_RESULT_SIZE, "100m")
            .getOrCreate();
    spark = new JavaSparkContext(session.sparkContext());
  }

  private static int untilStopped(int test) {
    BEGUN.get(test).countDown();
    try {
      while (test >= 0) {
        Interruption.check();
      }
      return test;
    } catch (CancellationException e) {
      ENDED.get(test).countDown();
      throw e;
    }
  }

  private static void requireThatTheTaskEndsWithTheWait(int test, Runnable wait)
      throws InterruptedException {
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    Thread waiting = new Thread(wait);
    waiting.setUncaughtExceptionHandler((thread, failure) -> thrown.set(failure));
    waiting.start();
    assertThat(BEGUN.get(test).await(60, TimeUnit.SECONDS)).isTrue();
    waiting.interrupt();
    waiting.join();

    assertThat(thrown.get()).hasMessage("Interrupted while executors worked");
    assertThat(ENDED.get(test).await(60, TimeUnit.SECONDS))
        .as("the task heeds the interrupt")
        .isTrue();
  }

  /** As the other trials of a sweep, one of which has failed. */
  @Test
  void theTaskOfAWaitThatIsInterruptedEnds() throws InterruptedException {
    Workers workers = ExecutorWorkers.of(spark, 1, new PlacedJob(spark));
    requireThatTheTaskEndsWithTheWait(
        0, () -> workers.map("wait", List.of(0), PlacedJobTest::untilStopped));
  }

  @Test
  void theTaskOfASumThatIsInterruptedEnds() throws InterruptedException {
    Workers workers = ExecutorWorkers.of(spark, 1, new PlacedJob(spark));
    requireThatTheTaskEndsWithTheWait(
        1,
        () -> {
          try (FlatVector sum = new FlatVector(1)) {
            workers.addUp("add", List.of(1), (test, vector) -> untilStopped(test), sum);
          }
        });
  }

  @Test
  void partsAreGivenToWorkersInOrder() {
    PlacedJob places = new PlacedJob(spark);
    assertThat(places.parts(List.of("a", "b", "c")).collect()).containsExactly("a", "b", "c");
    assertThat(places.part("b", 1, 3).collect()).containsExactly("b");
  }

  @Test
  void resultsThatSparkWouldRefuseAreRefusedBeforeTheWork() {
    Workers workers = ExecutorWorkers.of(spark, 2, new PlacedJob(spark));
    workers.requireRoomForResults(90 << 20);
    assertThatThrownBy(() -> workers.requireRoomForResults(100 << 20))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("spark.driver.maxResultSize = 100m")
        .hasMessageContaining("set it to 0, or to 111m and more");
  }

  private static int fails(int part) throws IOException {
    throw new IOException("No space left on device");
  }

  /** Spark's own message has the trace of the task in it. */
  @Test
  void aPartThatFailsIsSaidInOneLineWithPlaceAndRemedy() {
    JavaRDD<Integer> failing = new PlacedJob(spark).part(0, 0, 1).map(PlacedJobTest::fails);

    assertThatThrownBy(() -> PlacedJob.await(spark, failing.collectAsync()))
        .isInstanceOf(FailedPart.class)
        .hasRootCauseInstanceOf(IOException.class)
        .message()
        .matches(
            "A part of the work failed on executor driver \\(.*\\) at attempt 1:"
                + " IOException: No space left on device; free its machine's spark.local.dir,"
                + " or start again without that machine");
  }

  /** The abort of a task set that excludeOnFailure leaves nothing of, and of lost shuffle files. */
  @Test
  void aFailureThatSparkSaysInSeveralLinesIsSaidWithItsReason() {
    String excluded =
        """
        Job aborted due to stage failure:\s
        Aborting TaskSet 16.0 because task 2 (partition 2)
        cannot run anywhere due to node and executor excludeOnFailure.
        Most recent failure:
        Lost task 2.1 in stage 16.0 (TID 2580) (10.0.0.3 executor 57): java.io.IOException: rows differ
        \tat org.acme.Rows.read(Rows.java:7)
        """;
    assertThat(new FailedPart(new IllegalStateException(excluded)))
        .hasMessage(
            "A part of the work failed on executor 57 (10.0.0.3) at attempt 2: IOException: rows differ");

    String lost =
        """
        Job aborted due to stage failure: ResultStage 5 has failed too often. Most recent failure reason:
        org.apache.spark.shuffle.FetchFailedException: Connection refused
        \tat org.acme.Shuffle.read(Shuffle.java:7)
        """;
    assertThat(new FailedPart(new IllegalStateException(lost)))
        .hasMessageEndingWith(
            "Most recent failure reason: org.apache.spark.shuffle.FetchFailedException: Connection refused");
  }

  private static ExecutorSummary executor(String id, int slots, boolean isExcluded) {
    return new ExecutorSummary(
        id,
        "10.0.0.1:7077",
        true,
        0,
        0,
        0,
        4,
        slots,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        isExcluded,
        0,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        0,
        isExcluded,
        null);
  }

  /** Workers on them would wait for a task slot that never comes. */
  @Test
  void executorsThatGetNoTasksGetNoWorkers() {
    Stream<ExecutorSummary> registered =
        Stream.of(
            executor("0", 2, false),
            executor("1", 0, false),
            executor("2", 2, true),
            executor("3", 2, false)); // its node is being drained
    assertThat(PlacedJob.usable(registered, id -> !id.equals("3")))
        .containsExactly(new ExecutorPlaces.Executor("0", "10.0.0.1", 2, 0));
  }
}
