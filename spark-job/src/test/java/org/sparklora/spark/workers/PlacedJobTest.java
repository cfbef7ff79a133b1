package org.sparklora.spark.workers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.run.Interruption;
import org.sparklora.spark.cli.TestSpark;
import org.sparklora.train.workers.Workers;

/** What becomes of jobs that nobody waits for any more. */
class PlacedJobTest {
  private static final CountDownLatch BEGUN = new CountDownLatch(1);
  private static final CountDownLatch ENDED = new CountDownLatch(1);

  private static int untilStopped(int part) {
    return Interruption.heeding(
        TaskContext.get()::isInterrupted,
        () -> {
          BEGUN.countDown();
          try {
            while (part >= 0) {
              Interruption.check();
            }
            return part;
          } catch (CancellationException e) {
            ENDED.countDown();
            throw e;
          }
        });
  }

  /** As the other trials of a sweep, one of which has failed. */
  @Test
  void theTaskOfAWaitThatIsInterruptedEnds() throws InterruptedException {
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    try (SparkSession session = TestSpark.open(1)) {
      JavaSparkContext spark = new JavaSparkContext(session.sparkContext());
      PlacedJob places = new PlacedJob(spark);
      Thread waiting =
          new Thread(
              () ->
                  PlacedJob.await(
                      spark, places.part(1, 0, 1).map(PlacedJobTest::untilStopped).collectAsync()));
      waiting.setUncaughtExceptionHandler((thread, failure) -> thrown.set(failure));
      waiting.start();
      assertThat(BEGUN.await(60, TimeUnit.SECONDS)).isTrue();
      waiting.interrupt();
      waiting.join();

      assertThat(thrown.get()).hasMessage("Interrupted while executors worked");
      assertThat(ENDED.await(60, TimeUnit.SECONDS)).as("the task heeds it").isTrue();
    }
  }

  @Test
  void partsAreGivenToWorkersInOrder() {
    try (SparkSession session = TestSpark.open(1)) {
      PlacedJob places = new PlacedJob(new JavaSparkContext(session.sparkContext()));
      assertThat(places.parts(List.of("a", "b", "c")).collect()).containsExactly("a", "b", "c");
      assertThat(places.part("b", 1, 3).collect()).containsExactly("b");
    }
  }

  @Test
  void resultsThatSparkWouldRefuseAreRefusedBeforeTheWork() {
    try (SparkSession session =
        TestSpark.builder(1)
            .config(ExecutorWorkers.SHARED_MEMORY, "false")
            .config(ExecutorWorkers.MAX_RESULT_SIZE, "100m")
            .getOrCreate()) {
      JavaSparkContext spark = new JavaSparkContext(session.sparkContext());
      Workers workers = ExecutorWorkers.of(spark, 2);
      workers.requireRoomForResults(90 << 20);
      assertThatThrownBy(() -> workers.requireRoomForResults(100 << 20))
          .isInstanceOf(ConfigException.class)
          .hasMessageContaining("spark.driver.maxResultSize = 100m")
          .hasMessageContaining("set it to 0, or to 111m and more");
    }
  }

  private static int fails(int part) throws IOException {
    throw new IOException("No space left on device");
  }

  /** Spark's own message has the trace of the task in it. */
  @Test
  void aPartThatFailsIsSaidInOneLineWithPlaceAndRemedy() {
    try (SparkSession session = TestSpark.open(1)) {
      JavaSparkContext spark = new JavaSparkContext(session.sparkContext());
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
  }
}
