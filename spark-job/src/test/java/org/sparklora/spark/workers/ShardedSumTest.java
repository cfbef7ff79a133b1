package org.sparklora.spark.workers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.apache.spark.MapOutputTrackerMaster;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.executor.TaskMetrics;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.tensor.NativeMemory;
import org.sparklora.spark.cli.TestSpark;
import org.sparklora.train.vector.Dither;
import org.sparklora.train.vector.FlatVector;
import org.sparklora.train.vector.VectorType;

class ShardedSumTest {
  private static final int WORKERS = 3;

  /** Task n ends after task n + 1: results come in the opposite order. */
  private static final List<CountDownLatch> ENDED =
      List.of(new CountDownLatch(1), new CountDownLatch(1), new CountDownLatch(1));

  private static final AtomicInteger FAILURES = new AtomicInteger();

  @AutoClose private static SparkSession session;
  private static JavaSparkContext spark;

  /** Tasks have two attempts; vectors are sent as {@code SparkSessions} has it. */
  @BeforeAll
  static void openSpark() {
    session =
        TestSpark.builder(WORKERS)
            .master("local[%d, 2]".formatted(WORKERS))
            .config("spark.shuffle.compress", "false")
            .config("spark.shuffle.sort.bypassMergeThreshold", "0")
            .getOrCreate();
    spark = new JavaSparkContext(session.sparkContext());
  }

  private static float lastFirst(float value) throws InterruptedException {
    int worker = TaskContext.getPartitionId();
    if (worker + 1 < WORKERS) {
      assertThat(ENDED.get(worker + 1).await(60, TimeUnit.SECONDS)).isTrue();
    }
    ENDED.get(worker).countDown();
    return value;
  }

  private static ShardedSum.Given<String> given(float... values) {
    FlatVector vector = new FlatVector(values.length);
    Engines.host()
        .alias(vector.pointer(), values.length)
        .tensor()
        .write(0, values, 0, values.length);
    return new ShardedSum.Given<>(List.of(vector), 1, "told " + values[0], vector::close);
  }

  private static float[] floats(FlatVector vector) {
    try (FlatVector copy = new FlatVector(vector.size())) {
      vector.copyTo(copy.pointer());
      return Engines.host().alias(copy.pointer(), copy.size()).tensor().toArray();
    }
  }

  private static List<String> sum(
      List<Float> values,
      org.apache.spark.api.java.function.Function<Float, ShardedSum.Given<String>> give,
      float[] target) {
    return ShardedSum.run(
        spark.parallelize(values, values.size()).map(give),
        Dither.NONE,
        (vector, from, shard, weight) ->
            System.arraycopy(floats(shard), 0, target, (int) from, (int) shard.size()));
  }

  @Test
  void resultsAreTakenInTheWorkersOrderHoweverTheyArrive() {
    long before = NativeMemory.liveBytes();
    float[] sum = new float[4];
    List<String> told =
        sum(List.of(1f, 1e8f, -1e8f), value -> given(lastFirst(value), 2, value, 4), sum);

    assertThat(sum).containsExactly((1f + 1e8f) - 1e8f, 6, (1f + 1e8f) - 1e8f, 12);
    assertThat(told).containsExactly("told 1.0", "told 1.0E8", "told -1.0E8");
    assertThat(spark.getPersistentRDDs()).as("nothing stays on the disks").isEmpty();
    var shuffles = ((MapOutputTrackerMaster) SparkEnv.get().mapOutputTracker()).shuffleStatuses();
    assertThat(shuffles.isEmpty()).as("neither do shards").isTrue();
    assertThat(NativeMemory.liveBytes()).isEqualTo(before);
  }

  /** At 1 the unit of bfloat16's last place is 2⁻⁷; a tie goes to the even one. */
  @Test
  void bfloat16IsAddedInFloat32AndRoundedOnce() {
    float half = 0x1p-8f;
    float[][] ofWorkers = {{1, 1, 1 + 2 * half, 3}, {half, half, half, 4}, {half, 0, 0, 5}};
    float[] sum = new float[4];
    sum(List.of(0f, 1f, 2f), worker -> inBfloat16(ofWorkers[worker.intValue()]), sum);
    assertThat(sum).containsExactly(1 + 2 * half, 1, 1 + 4 * half, 12);
  }

  private static ShardedSum.Given<String> inBfloat16(float... values) {
    FlatVector floats = given(values).vectors().get(0);
    FlatVector vector = floats.as(VectorType.BFLOAT16, Dither.NONE);
    return new ShardedSum.Given<>(List.of(vector), 1, "told", vector::close);
  }

  @Test
  void aPartitionThatIsComputedAgainCountsOnce() {
    float[] sum = new float[1];
    List<String> told = sum(List.of(5f, 6f), ShardedSumTest::failsOnce, sum);

    assertThat(FAILURES.get()).isEqualTo(2);
    assertThat(sum).containsExactly(11);
    assertThat(told).containsExactly("told 5.0", "told 6.0");
  }

  private static ShardedSum.Given<String> failsOnce(float value) {
    if (TaskContext.get().attemptNumber() == 0) {
      FAILURES.incrementAndGet();
      throw new IllegalStateException("the executor is lost");
    }
    return given(value);
  }

  /** In bytes: what each worker writes for all, reads of all, and sends to the driver. */
  @ParameterizedTest(name = "{0} workers")
  @ValueSource(ints = {2, 4, 8})
  void noWorkerSendsOrReceivesMoreThanTwiceTheVectorHoweverManyThereAre(int workers)
      throws TimeoutException {
    int floats = 1_000_000;
    Map<Integer, Long> sent = new ConcurrentHashMap<>();
    Map<Integer, Long> received = new ConcurrentHashMap<>();
    SparkListener listener =
        new SparkListener() {
          @Override
          public void onTaskEnd(SparkListenerTaskEnd task) {
            TaskMetrics metrics = task.taskMetrics();
            sent.merge(
                task.taskInfo().index(),
                metrics.shuffleWriteMetrics().bytesWritten() + metrics.resultSize(),
                Long::sum);
            received.merge(
                task.taskInfo().index(), metrics.shuffleReadMetrics().totalBytesRead(), Long::sum);
          }
        };
    TestSpark.awaitListeners(session); // of the tests before
    session.sparkContext().addSparkListener(listener);
    float[] sum = new float[floats];
    List<Float> values = new ArrayList<>();
    IntStream.range(0, workers).forEach(worker -> values.add(1f + worker));
    sum(values, value -> given(filled(value, floats)), sum);
    assertThat(sum[floats - 1]).isEqualTo(workers * (workers + 1) / 2f);
    TestSpark.awaitListeners(session);
    session.sparkContext().removeSparkListener(listener);
    long vector = 4L * floats;
    System.out.printf(
        "%d workers, vector of %,d bytes: each sends %,d, receives %,d; then the mean once%n",
        workers, vector, sent.get(0), received.get(0));
    assertThat(sent.keySet()).hasSize(workers);
    // its own shard, too, is written and read, but by itself: 1/N that crosses no wire
    assertThat(sent.values())
        .allMatch(bytes -> bytes >= vector && bytes < vector + vector / workers + 100_000);
    assertThat(received.values()).allMatch(bytes -> bytes >= vector && bytes < vector + 100_000);
  }

  private static float[] filled(float value, int count) {
    float[] values = new float[count];
    java.util.Arrays.fill(values, value);
    return values;
  }

  @SuppressWarnings("unchecked") // thrown as Scala throws it
  private static <T, E extends Exception> T undeclared(Exception checked) throws E {
    throw (E) checked;
  }

  /** Spark's FetchFailedException is checked, and its iterators declare none. */
  @Test
  void aSumWithoutTheShardsOfALostExecutorIsFreed() {
    long before = NativeMemory.liveBytes();
    ShardedSum.Given<String> first = given(1, 2);
    Iterator<ShardedSum.Shard<String>> shards =
        IntStream.range(0, 2)
            .mapToObj(
                worker ->
                    worker == 0
                        ? first.shard(0, worker, 2)
                        : ShardedSumTest.<ShardedSum.Shard<String>, RuntimeException>undeclared(
                            new IOException("Connection reset by peer")))
            .iterator();

    assertThatThrownBy(() -> ShardedSum.add(shards, Dither.NONE)).isInstanceOf(IOException.class);
    first.free().run();
    assertThat(NativeMemory.liveBytes()).isEqualTo(before);
  }
}
