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
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.run.Interruption;

/** Counts the workers of a run: connects {@link WorkerCount} to Spark. */
public final class ExecutorCount {
  private static final String PATIENCE_UNLESS_TOLD = "120s";
  private static final int MAX_WORKERS = 10_000;

  /** Spark's property of a job whose tasks are interrupted when it is cancelled. */
  private static final String INTERRUPTS = "spark.job.interruptOnCancel";

  private static final Logger LOG = LoggerFactory.getLogger(ExecutorCount.class);

  private ExecutorCount() {}

  /**
   * Waits for a cluster's executors and returns the number of workers. In local mode that is {@code
   * requested}, whose workers take turns, or else 1, whose engine uses all cores.
   *
   * @param requested {@code num_workers}
   * @throws ConfigException if {@code requested} exceeds the task slots, or is empty while dynamic
   *     allocation sets no number of executors
   */
  public static int workers(JavaSparkContext spark, Optional<Integer> requested) {
    int workers = requested.orElse(1);
    ConfigException.require(
        workers >= 1 && workers <= MAX_WORKERS,
        Flags.NUM_WORKERS,
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
    long patience = conf.getTimeAsMs(WorkerCount.PATIENCE, PATIENCE_UNLESS_TOLD);
    return new WorkerCount(
            ExecutorRequest.of(key -> Optional.ofNullable(conf.get(key, null))),
            new SparkCluster(spark),
            patience)
        .count(requested);
  }

  /** Executors that get tasks, and task slots, as Spark reports them. */
  private record SparkCluster(JavaSparkContext spark) implements WorkerCount.Cluster {
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
}
