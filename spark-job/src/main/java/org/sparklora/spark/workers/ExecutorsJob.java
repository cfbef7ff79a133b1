package org.sparklora.spark.workers;

import java.io.Serializable;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.resource.ResourceProfile;
import org.bytedeco.javacpp.Pointer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.spark.meter.ExecutorMeter;
import org.sparklora.spark.meter.ExecutorReading;
import org.sparklora.spark.meter.ExecutorUse;
import org.sparklora.spark.train.FlatVector;
import org.sparklora.spark.train.PolicyGradient;

/**
 * Spark's executors. Each part is a Spark job of one task, so that its result can be used and
 * forgotten before later ones are there: results may be as large as the model. A task of an
 * executor that is lost is run again by Spark.
 */
public final class ExecutorsJob implements Workers {
  /** Spark setting; false makes local mode serialise everything, as a cluster has to. */
  public static final String SHARED_MEMORY = "spark.sparklora.sharedMemory";

  private static final Logger LOG = LoggerFactory.getLogger(ExecutorsJob.class);

  private final JavaSparkContext spark;
  private final int count;
  private final List<Sent> shared = new CopyOnWriteArrayList<>();
  private ExecutorUse use = new ExecutorUse();
  private volatile String during = "";
  private final Optional<ResourceProfile> resources; // of a task, where they are not the usual ones

  /**
   * @param count parts that are done at once
   */
  public ExecutorsJob(JavaSparkContext spark, int count) {
    this.spark = spark;
    this.count = count;
    this.resources =
        spark.isLocal() ? Optional.empty() : CountExecutorsJob.wholeExecutors(spark, count);
  }

  /**
   * The executors of a cluster, or in local mode this process.
   *
   * @param count parts that executors do at once
   */
  public static Workers workers(JavaSparkContext spark, int count) {
    if (!spark.isLocal() || !spark.getConf().getBoolean(SHARED_MEMORY, true)) {
      return new ExecutorsJob(spark, count);
    }
    if (count > 1) {
      LOG.warn("num_workers = {} changes nothing in local mode: one process does all work", count);
    }
    return new LocalWorkers();
  }

  @Override
  public void during(String what) {
    during = what + ": ";
  }

  @Override
  public int count() {
    return count;
  }

  @Override
  public SharedVector share(Pointer floats, long size) {
    Sent sent = new Sent(spark, FlatVector.copyOf(floats, size), shared);
    shared.add(sent);
    return sent;
  }

  /** A broadcast: each executor that works while it is open gets it once. */
  private static final class Sent implements SharedVector {
    private static final long serialVersionUID = 1L;

    private final Broadcast<FlatVector> vector;
    private final transient FlatVector copy; // this and the following are the driver's
    private final transient List<Sent> open;
    private final transient Set<String> receivers = ConcurrentHashMap.newKeySet();

    Sent(JavaSparkContext spark, FlatVector copy, List<Sent> open) {
      this.vector = spark.broadcast(copy);
      this.copy = copy;
      this.open = open;
    }

    @Override
    public Pointer floats() {
      return vector.value().pointer();
    }

    /** Bytes that this executor had to be sent, since it has not worked before. */
    long sentTo(String executor) {
      return receivers.add(executor) ? Float.BYTES * copy.size() : 0;
    }

    @Override
    public void close() {
      open.remove(this);
      vector.destroy();
      copy.close();
    }
  }

  @Override
  public <I, O> void forEach(List<I> parts, Work<I, O> work, Consumer<O> results) {
    int threads = Math.min(count, parts.size());
    if (threads == 0) {
      return;
    }
    Turns<O> turns = new Turns<>(results);
    AtomicInteger next = new AtomicInteger();
    ExecutorService submitters = Executors.newFixedThreadPool(threads);
    for (int t = 0; t < threads; t++) {
      submitters.execute(
          () -> {
            while (!turns.hasFailed()) {
              int number = next.getAndIncrement();
              if (number >= parts.size()) {
                return;
              }
              String name =
                  "%s%s, part %d of %d".formatted(during, work.verb(), number + 1, parts.size());
              turns.take(number, () -> compute(name, parts.get(number), work));
            }
          });
    }
    submitters.shutdown();
    turns.await(parts.size());
  }

  private <I, O> O compute(String name, I part, Work<I, O> work) {
    NamedJob.name(spark, name);
    JavaRDD<I> one = spark.parallelize(List.of(part), 1);
    Done<O> done =
        resources
            .map(one::withResources)
            .orElse(one)
            .map(given -> Done.of(work, given))
            .collect()
            .get(0);
    note(done.reading, work.vectorBytes(done.result));
    return done.result;
  }

  /** A result, and what its executor did for it. */
  private record Done<O>(O result, ExecutorReading reading) implements Serializable {
    static <I, O> Done<O> of(Work<I, O> work, I part) {
      O result = work.run(part);
      return new Done<>(result, ExecutorMeter.here().read(SparkEnv.get().executorId()));
    }
  }

  private synchronized void note(ExecutorReading reading, long received) {
    use.add(reading);
    use.addBytes(received + shared.stream().mapToLong(v -> v.sentTo(reading.executor())).sum());
  }

  @Override
  public synchronized ExecutorUse takeUse() {
    ExecutorUse taken = use;
    use = new ExecutorUse();
    return taken;
  }

  /** Lets results through in their order; the first failure ends all waiting. */
  private static final class Turns<O> {
    private final Consumer<O> results;
    private int turn = 0;
    private RuntimeException failure;

    Turns(Consumer<O> results) {
      this.results = results;
    }

    synchronized boolean hasFailed() {
      return failure != null;
    }

    void take(int number, Supplier<O> work) {
      try {
        pass(number, work.get());
      } catch (Throwable e) { // Spark throws checked exceptions that Scala does not declare
        fail(
            e instanceof RuntimeException failure
                ? failure
                : new IllegalStateException("A part of the work failed: " + e.getMessage(), e));
      }
    }

    private synchronized void fail(RuntimeException e) {
      failure = failure == null ? e : failure;
      notifyAll();
    }

    private synchronized void pass(int number, O result) {
      awaitUntil(number);
      if (failure == null) {
        results.accept(result);
        turn++;
        notifyAll();
      } else if (result instanceof PolicyGradient unwanted) {
        unwanted.close();
      }
    }

    /** Returns when all results have passed. */
    synchronized void await(int count) {
      awaitUntil(count);
      if (failure != null) {
        throw failure;
      }
    }

    private void awaitUntil(int number) {
      while (turn < number && failure == null) {
        try {
          wait();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw new IllegalStateException("Interrupted while executors worked", e);
        }
      }
    }
  }
}
