package org.sparklora.spark.workers;

import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;

/**
 * How many work on one model: {@code num_workers}, or one an executor.
 *
 * <p>A cluster's executors register one after the other, some seconds after the session is there.
 * So their number is taken when those are there that the application asked for, or when the time
 * for that is over; one log line says the number and why it is that.
 */
final class ExecutorCount {
  /** Spark setting: how long executors are waited for. */
  static final String PATIENCE = "spark.scheduler.maxRegisteredResourcesWaitingTime";

  /** A standalone cluster grants all executors at once; their JVMs start at nearly one time. */
  private static final long SETTLED_MILLIS = 10_000;

  private static final long POLL_MILLIS = 100;
  private static final Logger LOG = LoggerFactory.getLogger(ExecutorCount.class);

  private final ExecutorRequest request;
  private final Cluster cluster;
  private final long patienceMillis;

  ExecutorCount(ExecutorRequest request, Cluster cluster, long patienceMillis) {
    this.request = request;
    this.cluster = cluster;
    this.patienceMillis = patienceMillis;
  }

  /** What is there of a cluster, and the time. */
  interface Cluster {
    /** Executors that are registered. */
    int executors();

    /** Tasks that they run at once. */
    int slots();

    long millis();

    void sleep(long millis);

    /** Makes Spark ask for executors that run so many tasks at once, until its end. */
    Demand demand(int tasks);
  }

  /** Tasks that wait for executors. */
  interface Demand {
    void end();
  }

  /**
   * Waits and counts.
   *
   * @param requested {@code num_workers}
   * @throws ConfigException if so many workers do not find a task slot each, or it depends on the
   *     moment how many there are
   */
  int count(Optional<Integer> requested) {
    if (request.onDemand() && requested.isEmpty() && request.executors().isEmpty()) {
      throw new ConfigException(
          Flags.NUM_WORKERS,
          "nothing",
          "with dynamic allocation and %s the number of executors depends on the moment; say how many are to work"
              .formatted(request.setting()));
    }
    int tasks = // so many have to wait before Spark asks for all executors
        requested.map(count -> count * request.slotsOfOne()).orElse(request.slots().orElse(1));
    Demand demand = request.onDemand() ? cluster.demand(tasks) : () -> {};
    try {
      await(requested);
    } finally {
      demand.end();
    }
    return requested.isPresent() ? ofRequested(requested.get()) : ofExecutors();
  }

  private void await(Optional<Integer> requested) {
    long start = cluster.millis();
    long lastCame = start;
    int executors = cluster.executors();
    boolean said = false;
    while (!isEnough(requested) && cluster.millis() - start < patienceMillis) {
      if (settles(requested) && executors > 0 && cluster.millis() - lastCame >= SETTLED_MILLIS) {
        return;
      }
      if (!said) {
        LOG.info("Waiting for executors, at most {} s", patienceMillis / 1000);
        said = true;
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
   * Whether executors that are not there soon after the others will not come. Workers have one
   * each, if so many come: a large one that registers first has slots for several.
   */
  private boolean settles(Optional<Integer> requested) {
    return requested.isPresent()
        ? cluster.slots() >= requested.get()
            && (request.executors().isEmpty() || request.onDemand())
        : request.executors().isEmpty();
  }

  private int ofRequested(int requested) {
    int executors = cluster.executors();
    int slots = cluster.slots();
    ConfigException.require(
        requested <= slots,
        Flags.NUM_WORKERS,
        requested,
        "%s (%s); ask for fewer workers, or for more executors or cores"
            .formatted(
                executors == 0
                    ? "no executor came within %s s".formatted(patienceMillis / 1000)
                    : "%s, and a worker needs one".formatted(said(executors, slots)),
                request.setting()));
    LOG.info("{} workers, of --num_workers: {}", requested, said(executors, slots));
    return requested;
  }

  private static String said(int executors, int slots) {
    return "the cluster gave %s executors with %s task slots in all".formatted(executors, slots);
  }

  private int ofExecutors() {
    int executors = cluster.executors();
    ConfigException.require(
        executors > 0,
        Flags.NUM_WORKERS,
        "nothing",
        "no executor came within %s s (%s): look at the cluster's page for free cores and memory; %s makes the wait longer"
            .formatted(patienceMillis / 1000, request.setting(), PATIENCE));
    if (request.executors().isPresent() && executors >= request.executors().getAsInt()) {
      LOG.info("{} workers, one an executor: {}", executors, request.setting());
    } else if (request.slots().isPresent() && cluster.slots() >= request.slots().getAsInt()) {
      LOG.info("{} workers, one an executor: all cores of {}", executors, request.setting());
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
