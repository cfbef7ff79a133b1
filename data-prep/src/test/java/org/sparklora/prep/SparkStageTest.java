package org.sparklora.prep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongConsumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaFutureAction;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.util.LongAccumulator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.sparklora.pipeline.table.TableException;
import org.sparklora.prep.document.SplitReport;

class SparkStageTest {
  private static final CountDownLatch SEEN = new CountDownLatch(1);
  private static final int TOKENS = 7;

  private static final CountDownLatch OTHER_RUNS = new CountDownLatch(1);
  private static final AtomicBoolean OTHER_HAS_ENDED = new AtomicBoolean();

  /** A task that goes on writing would bring back the folder that the failed job deletes. */
  @Test
  @Timeout(120)
  void aFailedStageEndsWhenItsTasksHaveEnded() {
    try (JavaSparkContext spark = new JavaSparkContext(conf("local[2]"))) {
      SparkStage stage = new SparkStage(spark, "count", "tokens");
      assertThatThrownBy(
              () ->
                  stage.run(
                      new Configuration(),
                      List.of("bad row", "other"),
                      (hadoop, index, piece, tokens) ->
                          index == 0 ? fail(piece) : countUntilKilled(tokens)))
          .isInstanceOf(TableException.class)
          .hasMessage("bad row");
      assertThat(OTHER_HAS_ENDED).isTrue();
    }
  }

  private static SplitReport fail(String problem) {
    while (OTHER_RUNS.getCount() > 0) {
      Thread.onSpinWait();
    }
    throw new TableException(problem);
  }

  private static SplitReport countUntilKilled(LongConsumer tokens) {
    OTHER_RUNS.countDown();
    try {
      while (true) {
        tokens.accept(1);
      }
    } finally {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(300)); // as for a file's last bytes
      OTHER_HAS_ENDED.set(true);
    }
  }

  /** Executors of these tests are this process, so a task waits for what the driver has seen. */
  @Test
  @Timeout(120)
  void whatATaskHasCountedIsKnownBeforeItEnds() throws Exception {
    SparkConf conf = conf("local[1]").set("spark.executor.heartbeatInterval", "50ms");
    try (JavaSparkContext spark = new JavaSparkContext(conf)) {
      LongAccumulator tokens = spark.sc().longAccumulator();
      SparkStage.Running running = new SparkStage.Running(tokens.id());
      spark.sc().addSparkListener(running);
      JavaFutureAction<List<Integer>> job =
          spark
              .parallelize(List.of(1), 1)
              .map(
                  one -> {
                    tokens.add(TOKENS);
                    SEEN.await();
                    return one;
                  })
              .collectAsync();
      while (running.tokens() == 0) {
        Thread.onSpinWait();
      }
      assertThat(running.tokens()).isEqualTo(TOKENS);
      assertThat(tokens.value()).as("Spark's own value").isZero();
      SEEN.countDown();
      job.get();
      while (running.tokens() > 0) {
        Thread.onSpinWait();
      }
      assertThat(tokens.value()).isEqualTo(TOKENS);
    }
  }

  private static SparkConf conf(String master) {
    return new SparkConf()
        .setMaster(master)
        .setAppName("stage")
        .set("spark.ui.enabled", "false")
        .set("spark.driver.bindAddress", "127.0.0.1");
  }
}
