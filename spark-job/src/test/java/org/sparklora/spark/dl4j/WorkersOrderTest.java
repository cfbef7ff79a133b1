package org.sparklora.spark.dl4j;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.sparklora.spark.cli.TestSpark;

class WorkersOrderTest {
  private static final int WORKERS = 3;

  /** Task n ends after task n + 1: results come in the opposite order. */
  private static final List<CountDownLatch> ENDED =
      List.of(new CountDownLatch(1), new CountDownLatch(1), new CountDownLatch(1));

  private static float lastFirst(float value) throws InterruptedException {
    int worker = TaskContext.getPartitionId();
    if (worker + 1 < WORKERS) {
      assertThat(ENDED.get(worker + 1).await(60, TimeUnit.SECONDS)).isTrue();
    }
    ENDED.get(worker).countDown();
    return value;
  }

  @Test
  void resultsAreTakenInTheWorkersOrderHoweverTheyArrive() {
    try (SparkSession session = TestSpark.open(WORKERS)) {
      JavaSparkContext spark = new JavaSparkContext(session.sparkContext());
      JavaRDD<Float> ofWorkers =
          spark.parallelize(List.of(1f, 1e8f, -1e8f), WORKERS).map(WorkersOrderTest::lastFirst);
      List<Float> taken = new ArrayList<>();
      WorkersOrder.forEach(ofWorkers, taken::add);

      assertThat(taken).containsExactly(1f, 1e8f, -1e8f);
      assertThat(spark.getPersistentRDDs()).as("nothing stays on the disks").isEmpty();
    }
  }

  @Test
  void aPartitionThatIsComputedAgainReportsOnce() {
    try (SparkSession session = TestSpark.open(2)) {
      JavaSparkContext spark = new JavaSparkContext(session.sparkContext());
      WorkerReports<String> reports = new WorkerReports<>(spark, "test");
      JavaRDD<Integer> computed =
          spark
              .parallelize(List.of(5, 6), 2)
              .map(
                  value -> {
                    reports.add(1, "step 1 of " + value);
                    reports.add(0, "step 0 of " + value);
                    return value;
                  });
      computed.count();
      computed.count();

      assertThat(reports.inOrder())
          .containsExactly("step 0 of 5", "step 0 of 6", "step 1 of 5", "step 1 of 6");
    }
  }
}
