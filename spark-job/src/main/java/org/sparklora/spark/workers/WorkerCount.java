package org.sparklora.spark.workers;

import java.util.Collections;
import java.util.Optional;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaFutureAction;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.resource.ResourceProfile;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flag;
import org.sparklora.pipeline.run.Interruption;

/**
 * Determines the number of workers: {@code num_workers}, or one per executor.
 *
 * <p>A cluster's executors register one after the other, some seconds after the session starts.
 * They are counted once all that the application requested are registered, or at the timeout; one
 * log line gives the number and its reason.
 *
 * @param flag sets the number
 */
public record WorkerCount(
    ExecutorRequest request, Cluster cluster, long patienceMillis, Flag<Integer> flag) {
  /** Spark setting: the longest wait for executors. */
  static final String PATIENCE = "spark.scheduler.maxRegisteredResourcesWaitingTime";

  private static final String PATIENCE_UNLESS_TOLD = "120s";
  private static final int MAX_WORKERS = 10_000;

  /** Spark's property of a job whose tasks are interrupted when it is cancelled. */
  private static final String INTERRUPTS = "spark.job.interruptOnCancel";

  /**
   * Time without a new executor after which no other is expected: a standalone cluster grants all
   * at once, and their JVMs start at almost the same time.
   */
  private static final long SETTLED_MILLIS = 10_000;

  private static final long POLL_MILLIS = 100;
  private static final Logger LOG = LoggerFactory.getLogger(WorkerCount.class);

  /** A cluster's executors and task slots, and a clock. */
  interface Cluster {
    /** Executors that are registered. */
    int executors();

    /** Tasks that the executors run at once. */
    int slots();

    long millis();

    void sleep(long millis);

    /** Makes Spark request executors for {@code tasks} parallel tasks until the result is run. */
    Runnable demand(int tasks);
  }

  /** Executors that get tasks, and task slots, as Spark reports them. */
  private record SparkCluster(JavaSparkContext spark) implements Cluster {
    @Override
    public int executors() {
      return PlacedJob.usable(spark).size();
    }

    @Override
    public int slots() {
      ResourceProfile usual = spark.sc().resourceProfileManager().defaultResourceProfile();
      return spark.sc().maxNumConcurrentTasks(usual);
    }

    @Override
    public long millis() {
      return System.nanoTime() / 1_000_000;
    }

    @Override
    public void sleep(long millis) {
      Interruption.check();
      try {
        Thread.sleep(millis);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("Interrupted while waiting for executors", e);
      }
    }

    @Override
    public Runnable demand(int tasks) {
      spark.setJobDescription("wait for executors");
      spark.setLocalProperty(INTERRUPTS, "true");
      JavaFutureAction<Void> waiting =
          spark
              .parallelize(Collections.nCopies(tasks, 0), tasks)
              .foreachAsync(task -> Thread.sleep(Long.MAX_VALUE));
      spark.setLocalProperty(INTERRUPTS, null);
      spark.setJobDescription(null);
      return () -> waiting.cancel(true);
    }
  }

  /**
   * Waits for a cluster's executors and returns the number of workers. In local mode that is {@code
   * requested}, whose workers take turns, or else 1, whose engine uses all cores.
   *
   * @param requested value of {@code flag}
   * @throws ConfigException if {@code requested} exceeds the task slots, or is empty while dynamic
   *     allocation sets no number of executors
   */
  public static int workers(
      JavaSparkContext spark, Optional<Integer> requested, Flag<Integer> flag) {
    int workers = requested.orElse(1);
    ConfigException.require(
        workers >= 1 && workers <= MAX_WORKERS,
        flag,
        workers,
        "it is the number of executors that work, 1 to " + MAX_WORKERS);
    if (spark.isLocal()) {
      int threads = new SparkCluster(spark).slots();
      if (workers > threads) {
        LOG.info("{} workers take turns on {} threads of this process", workers, threads);
      }
      return workers;
    }
    SparkConf conf = spark.getConf();
    long patience = conf.getTimeAsMs(PATIENCE, PATIENCE_UNLESS_TOLD);
    return new WorkerCount(ExecutorRequest.of(conf), new SparkCluster(spark), patience, flag)
        .count(requested);
  }

  /** Waits for executors and returns the number of workers: see {@link #workers}. */
  int count(Optional<Integer> requested) {
    String value = requested.map(String::valueOf).orElse("nothing");
    ConfigException.require(
        request.executors().filter(asked -> asked == 0).isEmpty(),
        flag,
        value,
        "with %s no executor ever comes; ask for at least one, of no more cores than all may have"
            .formatted(request.setting()));
    if (request.onDemand() && requested.isEmpty() && request.executors().isEmpty()) {
      throw new ConfigException(
          flag,
          value,
          "with dynamic allocation and %s the number of executors depends on the moment; say how many are to work"
              .formatted(request.setting()));
    }
    int tasks = // Spark requests all executors only while this many tasks wait
        requested.map(count -> count * request.slotsOfOne()).orElse(request.slots().orElse(1));
    Runnable end = request.onDemand() ? cluster.demand(tasks) : () -> {};
    try {
      await(requested);
    } finally {
      end.run();
    }
    if (cluster.executors() == 0) {
      throw ConfigException.passing(
          flag,
          value,
          "no executor came within %s s (%s): look at the cluster's page for free cores and memory; %s makes the wait longer"
              .formatted(patienceMillis / 1000, request.setting(), PATIENCE));
    }
    return requested.isPresent() ? ofRequested(requested.get()) : ofExecutors();
  }

  private void await(Optional<Integer> requested) {
    long start = cluster.millis();
    long lastCame = start;
    int executors = cluster.executors();
    if (!isEnough(requested)) {
      LOG.info("Waiting for executors, at most {} s", patienceMillis / 1000);
    }
    while (!isEnough(requested) && cluster.millis() - start < patienceMillis) {
      if (settles(requested) && executors > 0 && cluster.millis() - lastCame >= SETTLED_MILLIS) {
        return;
      }
      cluster.sleep(POLL_MILLIS);
      int now = cluster.executors();
      lastCame = now > executors ? cluster.millis() : lastCame;
      executors = now;
    }
  }

  private boolean isEnough(Optional<Integer> requested) {
    int executors = cluster.executors();
    return request.executors().filter(asked -> executors >= asked).isPresent()
        || request.slots().filter(asked -> cluster.slots() >= asked).isPresent()
        || requested.filter(asked -> executors >= asked).isPresent();
  }

  /**
   * Whether to stop waiting once no executor has registered for {@link #SETTLED_MILLIS}. Task slots
   * alone do not stop it: a large executor that registers first has slots for several workers,
   * which get one executor each if enough register.
   */
  private boolean settles(Optional<Integer> requested) {
    return requested.isPresent()
        ? cluster.slots() >= requested.get()
            && (request.executors().isEmpty() || request.onDemand())
        : request.executors().isEmpty();
  }

  private int ofRequested(int requested) {
    int slots = cluster.slots();
    String given =
        "the cluster gave %s executors with %s task slots in all"
            .formatted(cluster.executors(), slots);
    if (requested > slots) {
      String remedy =
          "%s, and a worker needs one (%s); ask for fewer workers, or for more executors or cores"
              .formatted(given, request.setting());
      throw isEnough(Optional.empty()) // else more may come later
          ? new ConfigException(flag, requested, remedy)
          : ConfigException.passing(flag, requested, remedy);
    }
    LOG.info("{} workers, of --{}: {}", requested, flag, given);
    return requested;
  }

  private int ofExecutors() {
    int executors = cluster.executors();
    if (isEnough(Optional.empty())) {
      String all = request.executors().isPresent() ? "" : "all cores of ";
      LOG.info("{} workers, one an executor: {}{}", executors, all, request.setting());
    } else if (request.executors().isPresent() || request.slots().isPresent()) {
      LOG.warn(
          "{} workers, one an executor, fewer than asked for ({}): later ones get no work; --{} says how many must be there",
          executors,
          request.setting(),
          flag);
    } else {
      LOG.warn(
          "{} workers, one an executor, as many as came: with {} their number depends on what is free, and with it the result; --{} fixes it",
          executors,
          request.setting(),
          flag);
    }
    return executors;
  }
}
