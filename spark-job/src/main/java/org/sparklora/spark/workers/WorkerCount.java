package org.sparklora.spark.workers;

import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;

/**
 * Determines the number of workers: {@code num_workers}, or one per executor.
 *
 * <p>A cluster's executors register one after the other, some seconds after the session starts.
 * They are counted once all that the application requested are registered, or at the timeout; one
 * log line gives the number and its reason.
 */
record WorkerCount(ExecutorRequest request, Cluster cluster, long patienceMillis) {
  /** Spark setting: the longest wait for executors. */
  static final String PATIENCE = "spark.scheduler.maxRegisteredResourcesWaitingTime";

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

  /** Waits for executors and returns the number of workers: see {@link ExecutorCount#workers}. */
  int count(Optional<Integer> requested) {
    if (request.onDemand() && requested.isEmpty() && request.executors().isEmpty()) {
      throw new ConfigException(
          Flags.NUM_WORKERS,
          "nothing",
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
          Flags.NUM_WORKERS,
          requested.map(String::valueOf).orElse("nothing"),
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
    boolean all =
        request.executors().isPresent() && cluster.executors() >= request.executors().getAsInt();
    boolean full = request.slots().isPresent() && cluster.slots() >= request.slots().getAsInt();
    return all || full || (requested.isPresent() && cluster.executors() >= requested.get());
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
          ? new ConfigException(Flags.NUM_WORKERS, requested, remedy)
          : ConfigException.passing(Flags.NUM_WORKERS, requested, remedy);
    }
    LOG.info("{} workers, of --num_workers: {}", requested, given);
    return requested;
  }

  private int ofExecutors() {
    int executors = cluster.executors();
    if (isEnough(Optional.empty())) {
      String all = request.executors().isPresent() ? "" : "all cores of ";
      LOG.info("{} workers, one an executor: {}{}", executors, all, request.setting());
    } else if (request.executors().isPresent() || request.slots().isPresent()) {
      LOG.warn(
          "{} workers, one an executor, fewer than asked for ({}): later ones get no work; --num_workers says how many must be there",
          executors,
          request.setting());
    } else {
      LOG.warn(
          "{} workers, one an executor, as many as came: with {} their number depends on what is free, and with it the result; --num_workers fixes it",
          executors,
          request.setting());
    }
    return executors;
  }
}
