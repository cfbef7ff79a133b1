package org.sparklora.spark.workers;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
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
    /** A contribution of weight 1. */
    public Given(List<FlatVector> vectors, O told, Runnable free) {
      this(vectors, 1, told, free);
    }

    private Shard<O> shard(int number, int worker, int count) {
      List<FlatVector> parts = new ArrayList<>();
      for (FlatVector vector : vectors) {
        long from = start(vector.size(), number, count, vector.type());
        long to = start(vector.size(), number + 1, count, vector.type());
        parts.add(vector.part(from, to - from));
      }
      return new Shard<>(number, worker, parts, weight, number == 0 ? List.of(told) : List.of());
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

  /** A shard of a worker's vectors or of the sum; shard 0 carries {@link Given#told}. */
  private record Shard<O>(
      int number, int worker, List<FlatVector> parts, double weight, List<O> told)
      implements Serializable {
    void close() {
      parts.forEach(FlatVector::close);
    }

    /** This shard in float32; closes this one if it had another type. */
    Shard<O> widened() {
      return new Shard<>(
          number,
          worker,
          parts.stream().map(part -> part.as(VectorType.FLOAT32, Dither.NONE)).toList(),
          weight,
          told);
    }
  }

  /**
   * Adds up the workers' vectors.
   *
   * @param ofWorkers one partition per worker, each with one element
   * @param sizes lengths of the vectors
   * @param dither rounds the sum
   * @return {@link Given#told} of the workers, in their order
   */
  public static <O> List<O> run(
      JavaRDD<Given<O>> ofWorkers, List<Long> sizes, Dither dither, Target target) {
    int count = ofWorkers.getNumPartitions();
    JavaRDD<Shard<O>> added =
        ofWorkers
            .mapPartitions(given -> cut(given.next(), count))
            .keyBy(Shard::number)
            .partitionBy(new HashPartitioner(count))
            .values()
            .mapPartitions(shards -> List.of(add(shards, sizes, dither, count)).iterator());
    JavaSparkContext spark = JavaSparkContext.fromSparkContext(ofWorkers.context());
    List<Shard<O>> sums = PlacedJob.await(spark, added.collectAsync());
    for (Shard<O> sum : sums) {
      for (int v = 0; v < sizes.size(); v++) {
        FlatVector part = sum.parts.get(v);
        target.take(v, start(sizes.get(v), sum.number, count, part.type()), part, sum.weight);
      }
      sum.close();
    }
    return sums.get(0).told;
  }

  /** Adds up vectors of workers in this process, in turn; gives the bits of {@link #run}. */
  public static <O> List<O> inTurn(Iterator<Given<O>> ofWorkers, Dither dither, Target target) {
    List<FlatVector> sums = new ArrayList<>();
    List<O> told = new ArrayList<>();
    VectorType onWire = VectorType.FLOAT32;
    double weight = 0;
    try {
      while (ofWorkers.hasNext()) {
        Given<O> next = ofWorkers.next();
        onWire = next.vectors.get(0).type();
        add(next.vectors, sums);
        told.add(next.told);
        weight += next.weight;
        next.free.run();
      }
      for (int v = 0; v < sums.size(); v++) {
        sums.set(v, sums.get(v).as(onWire, dither));
        target.take(v, 0, sums.get(v), weight);
      }
      return told;
    } finally {
      sums.forEach(FlatVector::close);
    }
  }

  private static void add(List<FlatVector> vectors, List<FlatVector> sums) {
    for (int v = 0; v < vectors.size(); v++) {
      if (sums.size() == v) {
        sums.add(new FlatVector(vectors.get(v).size()));
        vectors.get(v).copyTo(sums.get(v).pointer());
      } else {
        vectors.get(v).addTo(sums.get(v).pointer());
      }
    }
  }

  private static <O> Iterator<Shard<O>> cut(Given<O> given, int count) {
    TaskContext task = TaskContext.get();
    TaskCompletionListener ended = context -> given.free.run(); // when the shards are written
    task.addTaskCompletionListener(ended);
    IntFunction<Shard<O>> shard = number -> given.shard(number, task.partitionId(), count);
    return IntStream.range(0, count).mapToObj(shard).iterator();
  }

  /** Adds in the order of the workers, whichever shard arrives first. */
  private static <O> Shard<O> add(
      Iterator<Shard<O>> shards, List<Long> sizes, Dither dither, int count) {
    Map<Integer, Shard<O>> early = new HashMap<>();
    Shard<O> sum = null;
    double weight = 0;
    VectorType onWire = VectorType.FLOAT32;
    List<O> told = new ArrayList<>();
    try {
      for (int worker = 0; shards.hasNext() || !early.isEmpty(); worker++) {
        while (!early.containsKey(worker)) {
          Shard<O> next = shards.next();
          early.put(next.worker, next);
        }
        Shard<O> next = early.remove(worker);
        told.addAll(next.told);
        weight += next.weight;
        if (sum == null) {
          onWire = next.parts.get(0).type();
          sum = next.widened();
        } else {
          addTo(sum, next);
        }
      }
      List<FlatVector> sent = new ArrayList<>();
      for (int v = 0; v < sizes.size(); v++) {
        Dither ofShard = dither.from(start(sizes.get(v), sum.number, count, onWire));
        sent.add(sum.parts.get(v).as(onWire, ofShard).handedOver());
      }
      return new Shard<>(sum.number, 0, sent, weight, told);
    } catch (RuntimeException | Error e) { // an executor with some of the shards was lost
      early.values().forEach(Shard::close);
      if (sum != null) {
        sum.close();
      }
      throw e;
    }
  }

  private static <O> void addTo(Shard<O> sum, Shard<O> next) {
    for (int v = 0; v < sum.parts.size(); v++) {
      next.parts.get(v).addTo(sum.parts.get(v).pointer());
    }
    next.close();
  }
}
