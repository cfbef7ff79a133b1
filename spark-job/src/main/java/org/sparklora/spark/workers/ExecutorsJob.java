package org.sparklora.spark.workers;

import java.io.Serializable;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaFutureAction;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.bytedeco.javacpp.Pointer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.run.Interruption;
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

  /** Spark setting; what a job's results may have in all, in bytes. */
  public static final String MAX_RESULT_SIZE = "spark.driver.maxResultSize";

  /** Of what a result has beside its vectors: numbers that were measured, sketches. */
  private static final double BESIDE = 1.1;

  private static final Logger LOG = LoggerFactory.getLogger(ExecutorsJob.class);

  private final JavaSparkContext spark;
  private final int count;
  private final List<Sent> shared = new CopyOnWriteArrayList<>();
  private ExecutorUse use = new ExecutorUse();
  private volatile String during = "";
  private final PlacedJob places;

  private ExecutorsJob(JavaSparkContext spark, int count, PlacedJob places) {
    this.spark = spark;
    this.count = count;
    this.places = places;
  }

  /** As {@link #of}, where the number of workers was asked for and changes nothing but the time. */
  public static Workers workers(JavaSparkContext spark, int count) {
    return saysWhereIdle(of(spark, count), count);
  }

  /** Warns where more workers than one were asked for and are one process. */
  public static Workers saysWhereIdle(Workers workers, int count) {
    if (workers instanceof LocalWorkers && count > 1) {
      LOG.warn("num_workers = {} changes nothing in local mode: one process does all work", count);
    }
    return workers;
  }

  /** As {@link #of(JavaSparkContext, int, PlacedJob)}, with places of its own. */
  public static Workers of(JavaSparkContext spark, int count) {
    return of(spark, count, new PlacedJob(spark));
  }

  /**
   * The executors of a cluster, or in local mode this process.
   *
   * @param count parts that executors do at once
   * @param places where the workers of a run are
   */
  public static Workers of(JavaSparkContext spark, int count, PlacedJob places) {
    return sharesMemory(spark) ? new LocalWorkers() : new ExecutorsJob(spark, count, places);
  }

  /** Whether executors are this process, so that nothing has to be sent. */
  public static boolean sharesMemory(JavaSparkContext spark) {
    return spark.isLocal() && spark.getConf().getBoolean(SHARED_MEMORY, true);
  }

  /** The session's. */
  public JavaSparkContext spark() {
    return spark;
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
  public void requireRoomForResults(long bytes) {
    long bound = spark.getConf().getSizeAsBytes(MAX_RESULT_SIZE, "1g");
    long needed = (long) (bytes * BESIDE);
    ConfigException.require(
        bound == 0 || bound >= needed,
        MAX_RESULT_SIZE,
        spark.getConf().get(MAX_RESULT_SIZE, "1g, Spark's default"),
        "executors send back up to %1$s MiB in a step or round of this run; set it to 0, or to %1$sm and more"
            .formatted((needed >> 20) + 1));
  }

  @Override
  public SharedVector share(Pointer floats, long size) {
    return share(FlatVector.over(floats, size));
  }

  @Override
  public SharedVector lend(FlatVector vector) {
    return share(vector.part(0, vector.size()));
  }

  /** Makes a vector readable for work, and closes it when it is not to be read any more. */
  public SharedVector share(FlatVector vector) {
    Sent sent = new Sent(spark, vector, shared);
    shared.add(sent);
    return sent;
  }

  /** A broadcast: each executor that works while it is open gets it once. */
  private static final class Sent implements SharedVector {
    private static final long serialVersionUID = 1L;

    private final Broadcast<FlatVector> vector;
    private final transient FlatVector original; // this and the following are the driver's
    private final transient List<Sent> open;
    private final transient Set<String> receivers = ConcurrentHashMap.newKeySet();

    Sent(JavaSparkContext spark, FlatVector original, List<Sent> open) {
      this.vector = spark.broadcast(original);
      this.original = original;
      this.open = open;
    }

    @Override
    public FlatVector vector() {
      return vector.value();
    }

    /** Bytes that this executor had to be sent, since it has not worked before. */
    long sentTo(String executor) {
      return receivers.add(executor) ? original.bytes() : 0;
    }

    @Override
    public void close() {
      open.remove(this);
      vector.destroy();
      original.close();
    }
  }

  /** A partition for each part, the first of them where worker 0 is, and so on. */
  public <T> JavaRDD<T> parts(List<T> parts) {
    return places.parts(parts);
  }

  /** No more parts are given to Spark than are done at once: others' results would pile up here. */
  @Override
  public <I, O> void forEach(List<I> parts, Work<I, O> work, Consumer<O> results) {
    Deque<Running<O>> running = new ArrayDeque<>();
    try {
      for (int part = 0; part < parts.size(); part++) {
        int worker = part; // the first ones have one each
        if (running.size() == count) {
          worker = running.element().worker;
          results.accept(take(running.remove(), work));
        }
        NamedJob.name(
            spark, "%s%s, part %s of %s".formatted(during, work.verb(), part + 1, parts.size()));
        running.add(submit(parts.get(part), worker, work));
      }
      while (!running.isEmpty()) {
        results.accept(take(running.remove(), work));
      }
    } finally {
      running.forEach(one -> drop(one.future)); // there are some if it failed
    }
  }

  /** A part that a worker does. */
  private record Running<O>(int worker, JavaFutureAction<List<Done<O>>> future) {}

  private <I, O> Running<O> submit(I part, int worker, Work<I, O> work) {
    return new Running<>(
        worker, places.part(part, worker, count).map(given -> done(given, work)).collectAsync());
  }

  private static <I, O> Done<O> done(I part, Work<I, O> work) {
    return Interruption.heeding(TaskContext.get()::isInterrupted, () -> Done.of(work.run(part)));
  }

  private <I, O> O take(Running<O> part, Work<I, O> work) {
    Done<O> done = PlacedJob.await(spark, part.future).get(0);
    note(done.reading, work.vectorBytes(done.result));
    return done.result;
  }

  private static <O> void drop(JavaFutureAction<List<Done<O>>> future) {
    future.cancel(true);
    if (future.isDone() && !future.isCancelled()) {
      try {
        future.get().forEach(Done::close);
      } catch (InterruptedException | ExecutionException e) {
        // it failed, too
      }
    }
  }

  @Override
  public <I, O> List<O> addUp(List<I> parts, Adding<I, O> work, FlatVector sum) {
    long size = sum.size();
    Pointer floats = sum.pointer();
    NamedJob.name(spark, during + work.verb());
    List<Done<O>> done =
        ShardedSumJob.run(
            parts(parts).map(part -> added(part, work, size)),
            List.of(size),
            (vector, from, shard) -> shard.addTo(FlatVector.at(floats, from)));
    done.forEach(one -> note(one.reading, Float.BYTES * size));
    return done.stream().map(Done::result).toList();
  }

  private static <I, O> ShardedSumJob.Given<Done<O>> added(I part, Adding<I, O> work, long size) {
    FlatVector vector = new FlatVector(size);
    try {
      Done<O> told = Done.of(work.add(part, vector));
      return new ShardedSumJob.Given<>(List.of(vector), told, vector::close);
    } catch (RuntimeException | Error e) {
      vector.close();
      throw e;
    }
  }

  /** A result, and what its executor did for it. */
  private record Done<O>(O result, ExecutorReading reading) implements Serializable {
    static <O> Done<O> of(O result) {
      return new Done<>(result, ExecutorMeter.here().read(SparkEnv.get().executorId()));
    }

    void close() {
      if (result instanceof PolicyGradient unwanted) {
        unwanted.close();
      }
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
}
