package org.sparklora.prep;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaFutureAction;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.util.LongAccumulator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class SparkStageTest {
  private static final CountDownLatch SEEN = new CountDownLatch(1);
  private static final int TOKENS = 7;

  /** Executors of these tests are this process, so a task waits for what the driver has seen. */
  @Test
  @Timeout(120)
  void whatATaskHasCountedIsKnownBeforeItEnds() throws Exception {
    SparkConf conf =
        new SparkConf()
            .setMaster("local[1]")
            .setAppName("running tasks")
            .set("spark.ui.enabled", "false")
            .set("spark.driver.bindAddress", "127.0.0.1")
            .set("spark.executor.heartbeatInterval", "50ms");
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
}
