package org.sparklora.spark.workers;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.spark.HashPartitioner;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.util.TaskCompletionListener;
import org.sparklora.train.vector.Dither;
import org.sparklora.train.vector.FlatVector;
import org.sparklora.train.vector.VectorType;

/**
 * Adds up one vector of each of N workers, as large as the trained parameters. Vectors are added in
 * the workers' order: a floating-point sum depends on the order, and a run must be repeatable to
 * the last bit.
 *
 * <p>Vectors may have a shorter {@link VectorType}: they are added in float32, and the sum is
 * rounded once, before it is sent to the driver.
 *
 * <p>Each worker cuts its vector into N shards, which go through Spark's shuffle: worker k gets
 * shard k of all, adds them up and sends the sum to the driver. For any N a worker sends less than
 * one vector to the others and receives as much, and the driver receives one. Spark recomputes the
 * shards of a lost executor.
 */
public final class ShardedSum {
  private ShardedSum() {}

  /**
   * The contribution of one worker.
   *
   * @param vectors to be added to those of the other workers; same lengths for all, all of one type
   * @param weight is added up, too
   * @param told the worker's other result; serialisable
   * @param free runs when the vectors are no longer needed
   */
  public record Given<O>(List<FlatVector> vectors, double weight, O told, Runnable free) {
    Shard<O> shard(int number, int worker, int count) {
      List<Part> parts = new ArrayList<>();
      for (FlatVector vector : vectors) {
        long from = start(vector.size(), number, count, vector.type());
        long to = start(vector.size(), number + 1, count, vector.type());
        parts.add(new Part(from, vector.part(from, to - from)));
      }
      return new Shard<>(worker, parts, weight, number == 0 ? List.of(told) : List.of());
    }
  }

  /** Where a shard of a vector begins: at a block's first element, or at the vector's end. */
  private static long start(long size, int number, int count, VectorType type) {
    long block = type.block();
    long blocks = (size + block - 1) / block;
    return Math.min(size, blocks * number / count * block);
  }

  /** Receives the shards of the sums. */
  @FunctionalInterface
  public interface Target {
    /**
     * Receives one shard.
     *
     * @param vector number of the vector in {@link Given#vectors}
     * @param from index of the shard's first number in that vector
     * @param weight of all that were added
     */
    void take(int vector, long from, FlatVector shard, double weight);
  }

  /** A part of a vector, from its number of index {@code from} on. */
  private record Part(long from, FlatVector numbers) implements Serializable {}

  /** A shard of a worker's vectors or of the sum; shard 0 carries {@link Given#told}. */
  record Shard<O>(int worker, List<Part> parts, double weight, List<O> told)
      implements Serializable, AutoCloseable {
    void deliver(Target target) {
      for (int v = 0; v < parts.size(); v++) {
        target.take(v, parts.get(v).from, parts.get(v).numbers, weight);
      }
    }

    @Override
    public void close() {
      parts.forEach(part -> part.numbers.close());
    }
  }

  /** The sum of shards of the same number, in float32 until it is rounded. */
  private static final class Sum<O> implements AutoCloseable {
    private final List<Part> parts = new ArrayList<>();
    private final List<O> told = new ArrayList<>();
    private double weight;
    private VectorType onWire;

    void add(Shard<O> next) {
      for (int v = 0; v < next.parts.size(); v++) {
        Part part = next.parts.get(v);
        if (parts.size() == v) { // the first shard
          onWire = part.numbers.type();
          parts.add(new Part(part.from, part.numbers.copy()));
        } else {
          part.numbers.addTo(parts.get(v).numbers.pointer());
        }
      }
      told.addAll(next.told);
      weight += next.weight;
    }

    Shard<O> rounded(Dither dither) {
      parts.replaceAll(
          part -> new Part(part.from, part.numbers.as(onWire, dither.from(part.from))));
      return new Shard<>(0, parts, weight, told);
    }

    @Override
    public void close() {
      parts.forEach(part -> part.numbers.close());
    }
  }

  /**
   * Adds up the workers' vectors.
   *
   * @param ofWorkers one partition per worker, each with one element
   * @param dither rounds the sum
   * @return {@link Given#told} of the workers, in their order
   */
  public static <O> List<O> run(JavaRDD<Given<O>> ofWorkers, Dither dither, Target target) {
    int count = ofWorkers.getNumPartitions();
    JavaRDD<Shard<O>> added =
        ofWorkers
            .mapPartitionsToPair(given -> cut(given.next(), count))
            .partitionBy(new HashPartitioner(count))
            .values()
            .mapPartitions(shards -> List.of(add(shards, dither)).iterator());
    JavaSparkContext spark = JavaSparkContext.fromSparkContext(ofWorkers.context());
    List<Shard<O>> sums = PlacedJob.await(spark, added.collectAsync());
    // else Spark deletes files once the driver's garbage collector finds the RDD: after many rounds
    added.rdd().cleanShuffleDependencies(false);
    for (Shard<O> sum : sums) {
      sum.deliver(target);
      sum.close();
    }
    return sums.get(0).told;
  }

  /** Adds up vectors of workers in this process, in turn; gives the bits of {@link #run}. */
  public static <O> List<O> inTurn(Iterator<Given<O>> ofWorkers, Dither dither, Target target) {
    try (Sum<O> sum = new Sum<>()) {
      while (ofWorkers.hasNext()) {
        Given<O> next = ofWorkers.next();
        sum.add(next.shard(0, 0, 1));
        next.free.run();
      }
      sum.rounded(dither).deliver(target);
      return sum.told;
    }
  }

  private static <O> Iterator<scala.Tuple2<Integer, Shard<O>>> cut(Given<O> given, int count) {
    TaskContext task = TaskContext.get();
    TaskCompletionListener ended = context -> given.free.run(); // when the shards are written
    task.addTaskCompletionListener(ended);
    return IntStream.range(0, count)
        .mapToObj(
            number -> new scala.Tuple2<>(number, given.shard(number, task.partitionId(), count)))
        .iterator();
  }

  /** Adds in the order of the workers, whichever shard arrives first. */
  static <O> Shard<O> add(Iterator<Shard<O>> shards, Dither dither) {
    Map<Integer, Shard<O>> early = new HashMap<>();
    Sum<O> sum = new Sum<>();
    try {
      for (int worker = 0; shards.hasNext() || !early.isEmpty(); worker++) {
        while (!early.containsKey(worker)) {
          Shard<O> next = shards.next();
          early.put(next.worker, next);
        }
        try (Shard<O> next = early.remove(worker)) {
          sum.add(next);
        }
      }
      Shard<O> rounded = sum.rounded(dither);
      rounded.parts.forEach(part -> part.numbers.handedOver());
      return rounded;
    } catch (Throwable e) { // Spark's undeclared FetchFailedException: a sender was lost
      early.values().forEach(Shard::close);
      sum.close();
      throw e;
    }
  }
}
