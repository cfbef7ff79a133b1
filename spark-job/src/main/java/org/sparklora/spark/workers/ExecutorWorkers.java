package org.sparklora.spark.workers;

import java.io.Serializable;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
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
import org.sparklora.train.PolicyGradient;
import org.sparklora.train.meter.ExecutorMeter;
import org.sparklora.train.meter.ExecutorReading;
import org.sparklora.train.meter.ExecutorUse;
import org.sparklora.train.vector.Dither;
import org.sparklora.train.vector.FlatVector;
import org.sparklora.train.workers.LocalWorkers;
import org.sparklora.train.workers.SharedVector;
import org.sparklora.train.workers.Workers;

/**
 * Workers on Spark's executors. Each part is a Spark job of one task, so that its result can be
 * used and freed before later results arrive: a result may be as large as the model. Spark retries
 * the tasks of a lost executor.
 */
public final class ExecutorWorkers implements Workers {
  /** Spark setting; false makes local mode serialise everything, as a cluster does. */
  public static final String SHARED_MEMORY = "spark.sparklora.sharedMemory";

  /** Spark setting; bound on the bytes of all results of a job. */
  public static final String MAX_RESULT_SIZE = "spark.driver.maxResultSize";

  /** Allows for what a result holds beside its vectors: metrics, sketches. */
  private static final double BESIDE = 1.1;

  private static final Logger LOG = LoggerFactory.getLogger(ExecutorWorkers.class);

  private final JavaSparkContext spark;
  private final int first;
  private final int count;
  private final ExecutorWorkers all; // the whole; has the shared vectors and the use
  private final List<Sent> shared = new CopyOnWriteArrayList<>();
  private ExecutorUse use = new ExecutorUse();
  private volatile String during = "";
  private final PlacedJob places;

  private ExecutorWorkers(
      JavaSparkContext spark,
      PlacedJob places,
      int first,
      int count,
      Optional<ExecutorWorkers> all) {
    this.spark = spark;
    this.places = places;
    this.first = first;
    this.count = count;
    this.all = all.orElse(this);
  }

  @Override
  public Workers part(int from, int to) {
    return new ExecutorWorkers(spark, places, from, to - from, Optional.of(this));
  }

  /** Returns {@code workers}; warns if several were requested and this process does all work. */
  public static Workers saysWhereIdle(Workers workers, int count) {
    if (workers instanceof LocalWorkers && count > 1) {
      LOG.warn("num_workers = {} changes nothing in local mode: one process does all work", count);
    }
    return workers;
  }

  /** A cluster's executors, which do {@code count} parts at once; in local mode this process. */
  public static Workers of(JavaSparkContext spark, int count, PlacedJob places) {
    boolean sharesMemory = spark.isLocal() && spark.getConf().getBoolean(SHARED_MEMORY, true);
    return sharesMemory
        ? new LocalWorkers()
        : new ExecutorWorkers(spark, places, 0, count, Optional.empty());
  }

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
  public SharedVector lend(FlatVector vector) {
    return share(vector.part(0, vector.size()));
  }

  @Override
  public SharedVector share(FlatVector vector) {
    Sent sent = new Sent(spark, vector, all.shared);
    all.shared.add(sent);
    return sent;
  }

  /** A broadcast vector: each executor that works while it is open receives it once. */
  private static final class Sent implements SharedVector {
    private static final long serialVersionUID = 1L;

    private final Broadcast<FlatVector> vector;
    private final transient FlatVector original; // driver only, as the next fields
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

    /** Bytes sent to an executor: the vector's size at the first call, then 0. */
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

  /** An RDD with one partition per part; partition k runs on the executor of worker k. */
  public <T> JavaRDD<T> parts(List<T> parts) {
    return places.parts(parts);
  }

  /** Submits at most {@link #count} parts at once: results of more would pile up at the driver. */
  @Override
  public <I, O> void forEach(String verb, List<I> parts, Work<I, O> work, Consumer<O> results) {
    Deque<Running<O>> running = new ArrayDeque<>();
    try {
      for (int part = 0; part < parts.size(); part++) {
        int worker = part; // the first parts go to one worker each
        if (running.size() == count) {
          worker = running.element().worker;
          results.accept(take(running.remove()));
        }
        PlacedJob.name(
            spark, "%s%s, part %s of %s".formatted(during, verb, part + 1, parts.size()));
        running.add(submit(parts.get(part), worker, work));
      }
      while (!running.isEmpty()) {
        results.accept(take(running.remove()));
      }
    } finally {
      running.forEach(one -> drop(one.future)); // parts are left only if one failed
    }
  }

  /** A part that was submitted to a worker. */
  private record Running<O>(int worker, JavaFutureAction<List<Done<O>>> future) {}

  private <I, O> Running<O> submit(I part, int worker, Work<I, O> work) {
    return new Running<>(
        worker,
        places
            .part(part, first + worker, all.count)
            .map(given -> done(given, work))
            .collectAsync());
  }

  private static <I, O> Done<O> done(I part, Work<I, O> work) {
    return Interruption.heeding(TaskContext.get()::isInterrupted, () -> Done.of(work.run(part)));
  }

  private <O> O take(Running<O> part) {
    Done<O> done = PlacedJob.await(spark, part.future).get(0);
    all.note(done.reading, done.vector().map(FlatVector::bytes).orElse(0L));
    return done.result;
  }

  private static <O> void drop(JavaFutureAction<List<Done<O>>> future) {
    future.cancel(true);
    if (future.isDone() && !future.isCancelled()) {
      try {
        future.get().forEach(Done::close);
      } catch (InterruptedException | ExecutionException e) {
        // this part failed, too
      }
    }
  }

  @Override
  public <I, O> List<O> addUp(String verb, List<I> parts, Adding<I, O> work, FlatVector sum) {
    long size = sum.size();
    Pointer floats = sum.pointer();
    PlacedJob.name(spark, during + verb);
    List<Done<O>> done =
        ShardedSum.run(
            parts(parts).map(part -> added(part, work, size)),
            Dither.NONE,
            (vector, from, shard, weight) -> shard.addTo(FlatVector.at(floats, from)));
    done.forEach(one -> all.note(one.reading, Float.BYTES * size));
    return done.stream().map(Done::result).toList();
  }

  private static <I, O> ShardedSum.Given<Done<O>> added(I part, Adding<I, O> work, long size) {
    FlatVector vector = new FlatVector(size);
    try {
      Done<O> told =
          Interruption.heeding(
              TaskContext.get()::isInterrupted, () -> Done.of(work.add(part, vector)));
      return new ShardedSum.Given<>(List.of(vector), 1, told, vector::close);
    } catch (RuntimeException | Error e) {
      vector.close();
      throw e;
    }
  }

  /** A result, and the reading of the executor that computed it. */
  private record Done<O>(O result, ExecutorReading reading) implements Serializable {
    static <O> Done<O> of(O result) {
      return new Done<>(result, ExecutorMeter.here().read(SparkEnv.get().executorId()));
    }

    /** The result's vector as long as the trained parameters, if it has one. */
    Optional<FlatVector> vector() {
      Object vector = result instanceof PolicyGradient part ? part.gradient() : result;
      return vector instanceof FlatVector of ? Optional.of(of) : Optional.empty();
    }

    void close() {
      vector().ifPresent(FlatVector::close);
    }
  }

  private synchronized void note(ExecutorReading reading, long received) {
    use.add(reading);
    use.addBytes(received + shared.stream().mapToLong(v -> v.sentTo(reading.executor())).sum());
  }

  @Override
  public ExecutorUse takeUse() {
    synchronized (all) {
      ExecutorUse taken = all.use;
      all.use = new ExecutorUse();
      return taken;
    }
  }
}
