package org.sparklora.spark.workers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;

/** Who works on a cluster, whose executors come one after the other. */
class WorkerCountTest {
  private static final long PATIENCE_MILLIS = 60_000;
  private static final Optional<Integer> UNKNOWN = Optional.empty();

  private static ExecutorRequest request(String... settings) {
    SparkConf conf = new SparkConf(false);
    for (String setting : settings) {
      conf.set(setting.split("=")[0], setting.split("=")[1]);
    }
    return ExecutorRequest.of(conf);
  }

  static Stream<Arguments> requests() {
    return Stream.of(
        arguments("spark.master=yarn", Optional.of(2), false),
        arguments("spark.master=yarn spark.executor.instances=4", Optional.of(4), false),
        arguments(
            "spark.master=k8s://https://h:1 spark.executor.instances=3", Optional.of(3), false),
        arguments("spark.master=local-cluster[2,1,1024]", Optional.of(2), false),
        arguments(
            "spark.master=local-cluster[2,4,1024] spark.executor.cores=2", Optional.of(4), false),
        arguments(
            "spark.master=local-cluster[2,4,1024] spark.executor.cores=2 spark.cores.max=2",
            Optional.of(1),
            false),
        arguments("spark.master=spark://h:7077", UNKNOWN, false),
        arguments("spark.master=spark://h:7077 spark.cores.max=8", UNKNOWN, false),
        arguments(
            "spark.master=spark://h:7077 spark.cores.max=8 spark.executor.cores=2",
            Optional.of(4),
            false),
        // what standalone clusters ignore
        arguments("spark.master=spark://h:7077 spark.executor.instances=4", UNKNOWN, false),
        arguments("spark.master=yarn spark.dynamicAllocation.enabled=true", UNKNOWN, true),
        arguments("spark.master=yarn spark.dynamicAllocation.enabled=True", UNKNOWN, true),
        arguments(
            "spark.master=yarn spark.dynamicAllocation.enabled=true spark.dynamicAllocation.maxExecutors=5",
            Optional.of(5),
            true),
        arguments(
            "spark.master=spark://h:7077 spark.dynamicAllocation.enabled=true spark.dynamicAllocation.maxExecutors=5 spark.cores.max=4 spark.executor.cores=2",
            Optional.of(2),
            true),
        arguments(
            "spark.master=yarn spark.dynamicAllocation.enabled=true spark.dynamicAllocation.maxExecutors=infinity",
            UNKNOWN,
            true));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("requests")
  void settingsTellHowManyExecutorsWereAskedFor(
      String settings, Optional<Integer> executors, boolean onDemand) {
    ExecutorRequest request = request(settings.split(" "));

    assertThat(request.executors()).isEqualTo(executors);
    assertThat(request.onDemand()).isEqualTo(onDemand);
  }

  /** Executors, of one slot each unless said, that register at the given times. */
  private static final class Arriving implements WorkerCount.Cluster {
    private final List<Long> arrivals;
    private List<Integer> slots = List.of();
    private final List<Integer> demands = new ArrayList<>();
    private long now = 0;

    Arriving(Long... millis) {
      this.arrivals = List.of(millis);
    }

    @Override
    public int executors() {
      return (int) arrivals.stream().filter(arrival -> arrival <= now).count();
    }

    Arriving withSlots(Integer... ofExecutors) {
      slots = List.of(ofExecutors);
      return this;
    }

    @Override
    public int slots() {
      return IntStream.range(0, arrivals.size())
          .filter(executor -> arrivals.get(executor) <= now)
          .map(executor -> slots.isEmpty() ? 1 : slots.get(executor))
          .sum();
    }

    @Override
    public long millis() {
      return now;
    }

    @Override
    public void sleep(long millis) {
      now += millis;
    }

    @Override
    public Runnable demand(int tasks) {
      demands.add(tasks);
      return () -> demands.add(0);
    }

    int count(ExecutorRequest request, Optional<Integer> requested) {
      return new WorkerCount(request, this, PATIENCE_MILLIS, Flags.NUM_WORKERS).count(requested);
    }
  }

  @Test
  void thoseThatWereAskedForAreWaitedFor() {
    Arriving three = new Arriving(2_000L, 3_000L, 40_000L);
    assertThat(three.count(request("spark.master=local-cluster[3,1,1024]"), Optional.empty()))
        .isEqualTo(3);
    assertThat(three.now).isBetween(40_000L, 41_000L);
  }

  @Test
  void thoseThatDoNotComeAreWaitedForNoLongerThanPatience() {
    Arriving two = new Arriving(2_000L, 3_000L);
    assertThat(
            two.count(request("spark.master=yarn", "spark.executor.instances=4"), Optional.empty()))
        .isEqualTo(2);
    assertThat(two.now).isBetween(PATIENCE_MILLIS, PATIENCE_MILLIS + 1_000);
  }

  @Test
  void allCoresOfAStandaloneClusterAreWaitedFor() {
    Arriving two = new Arriving(2_000L, 11_000L);
    ExecutorRequest cores = request("spark.master=spark://h:7077", "spark.cores.max=2");
    assertThat(two.count(cores, Optional.empty())).isEqualTo(2);
    assertThat(two.now).isBetween(11_000L, 12_000L);
  }

  @Test
  void whereNobodyKnowsHowManyThereWillBeTheLastOnesAreWaitedForAWhile() {
    Arriving three = new Arriving(2_000L, 5_000L, 12_000L);
    assertThat(three.count(request("spark.master=spark://h:7077"), Optional.empty())).isEqualTo(3);
    assertThat(three.now).isBetween(22_000L, 23_000L);
  }

  @Test
  void requestedWorkersAreWaitedForAndNoMore() {
    Arriving three = new Arriving(2_000L, 5_000L, 50_000L);
    assertThat(three.count(request("spark.master=spark://h:7077"), Optional.of(2))).isEqualTo(2);
    assertThat(three.now).isBetween(5_000L, 6_000L);
  }

  /** "2 executors with 5 task slots" was what three workers got, or one with 4. */
  @ParameterizedTest(name = "slots of those that come: {0}")
  @ValueSource(strings = {"1 1 4", "4 1 1", "1 4 1"})
  void eachRequestedWorkerGetsAnExecutorWhicheverRegistersFirst(String slots) {
    Arriving three =
        new Arriving(2_000L, 3_000L, 9_000L)
            .withSlots(Stream.of(slots.split(" ")).map(Integer::valueOf).toArray(Integer[]::new));
    assertThat(three.count(request("spark.master=spark://h:7077"), Optional.of(3))).isEqualTo(3);
    assertThat(three.executors()).isEqualTo(3);
    assertThat(three.now).isLessThan(10_000L);
  }

  @Test
  void workersShareExecutorsWhenNoMoreComeForAWhile() {
    Arriving two = new Arriving(2_000L, 3_000L).withSlots(4, 1);
    assertThat(two.count(request("spark.master=spark://h:7077"), Optional.of(3))).isEqualTo(3);
    assertThat(two.now).isBetween(13_000L, 14_000L);

    Arriving asked = new Arriving(2_000L, 3_000L).withSlots(4, 4);
    ExecutorRequest both = request("spark.master=yarn", "spark.executor.instances=2");
    assertThat(asked.count(both, Optional.of(8))).isEqualTo(8);
    assertThat(asked.now).as("all are there").isLessThan(4_000L);
  }

  @Test
  void dynamicAllocationIsGivenTasksForAnExecutorOfEachWorker() {
    Arriving two = new Arriving(2_000L, 9_000L).withSlots(4, 4);
    ExecutorRequest large =
        request(
            "spark.master=yarn",
            "spark.dynamicAllocation.enabled=true",
            "spark.dynamicAllocation.maxExecutors=5",
            "spark.executor.cores=4");
    assertThat(two.count(large, Optional.of(2))).isEqualTo(2);
    assertThat(two.demands).as("2 tasks fit on one executor").containsExactly(8, 0);
    assertThat(two.executors()).isEqualTo(2);
  }

  @Test
  void moreWorkersThanSlotsAreRefused() {
    Arriving two = new Arriving(2_000L, 3_000L);
    ExecutorRequest cluster = request("spark.master=local-cluster[2,1,1024]");
    assertThatThrownBy(() -> two.count(cluster, Optional.of(3)))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("num_workers = 3")
        .hasMessageContaining("2 executors with 2 task slots")
        .hasMessageContaining("local-cluster[2,1,1024]");
    assertThat(two.now).as("all are there: no reason to wait").isLessThan(4_000L);
  }

  @Test
  void aClusterThatGivesNoneIsSaidSo() {
    Arriving none = new Arriving();
    ExecutorRequest cluster = request("spark.master=spark://h:7077");
    assertThatThrownBy(() -> none.count(cluster, Optional.empty()))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("no executor came within 60 s")
        .hasMessageContaining(WorkerCount.PATIENCE);
    assertThatThrownBy(() -> none.count(cluster, Optional.of(2)))
        .hasMessageContaining("num_workers = 2")
        .hasMessageContaining("no executor came within 60 s");
  }

  @Test
  void dynamicAllocationIsGivenTasksUntilTheExecutorsAreThere() {
    Arriving two = new Arriving(2_000L, 9_000L);
    String[] most = {
      "spark.master=yarn",
      "spark.dynamicAllocation.enabled=true",
      "spark.dynamicAllocation.maxExecutors=2",
      "spark.executor.cores=4"
    };
    assertThat(two.count(request(most), Optional.empty())).isEqualTo(2);
    assertThat(two.demands).as("8 tasks fill two executors of 4 cores").containsExactly(8, 0);

    Arriving again = new Arriving(2_000L, 9_000L);
    ExecutorRequest unbounded =
        request("spark.master=yarn", "spark.dynamicAllocation.enabled=true");
    assertThat(again.count(unbounded, Optional.of(2))).isEqualTo(2);
    assertThat(again.demands).containsExactly(2, 0);
  }

  @Test
  void dynamicAllocationWithoutAnyNumberIsRefused() {
    ExecutorRequest unbounded =
        request("spark.master=yarn", "spark.dynamicAllocation.enabled=true");
    assertThatThrownBy(() -> new Arriving(1L).count(unbounded, Optional.empty()))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("num_workers")
        .hasMessageContaining("spark.dynamicAllocation.maxExecutors");
    WorkerCount ofTrials =
        new WorkerCount(unbounded, new Arriving(1L), PATIENCE_MILLIS, Flags.MAX_PARALLEL_TRIALS);
    assertThatThrownBy(() -> ofTrials.count(Optional.empty()))
        .as("a sweep has no num_workers")
        .hasMessageContaining("max_parallel_trials = nothing");
  }

  @Test
  void dynamicAllocationIsGivenOneTaskForTheGpuOfEachWorker() {
    Arriving two = new Arriving(2_000L, 9_000L);
    ExecutorRequest gpus =
        request(
            "spark.master=yarn",
            "spark.dynamicAllocation.enabled=true",
            "spark.dynamicAllocation.maxExecutors=16",
            "spark.executor.cores=8",
            "spark.task.resource.gpu.amount=1");
    assertThat(two.count(gpus, Optional.of(2))).isEqualTo(2);
    assertThat(two.demands).as("16 tasks would ask for 16 GPUs").containsExactly(2, 0);
  }

  /** Such as {@code spark-defaults.conf} and {@code --total-executor-cores} have together. */
  @Test
  void coresThatFillNoExecutorAreAMistakeOfTheUser() {
    ExecutorRequest none =
        request("spark.master=spark://h:7077", "spark.cores.max=2", "spark.executor.cores=4");
    assertThat(mayComeLater(none, new Arriving())).isFalse();
    assertThatThrownBy(() -> new Arriving().count(none, Optional.empty()))
        .hasMessageContaining("with spark.cores.max = 2, spark.executor.cores = 4 no executor");
  }

  private static boolean mayComeLater(ExecutorRequest request, Arriving cluster) {
    return catchThrowableOfType(ConfigException.class, () -> cluster.count(request, Optional.of(4)))
        .isPassing();
  }

  /** A scheduler tries again what the user has not got wrong. */
  @Test
  void aBusyClusterIsNoMistakeOfTheUser() {
    ExecutorRequest four = request("spark.master=yarn", "spark.executor.instances=4");
    assertThat(mayComeLater(four, new Arriving())).isTrue();
    assertThat(mayComeLater(four, new Arriving(2_000L, 3_000L))).isTrue();
    ExecutorRequest two = request("spark.master=yarn", "spark.executor.instances=2");
    assertThat(mayComeLater(two, new Arriving(2_000L, 3_000L))).isFalse();
  }
}
