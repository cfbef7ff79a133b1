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
import org.sparklora.model.engine.DType;
import org.sparklora.train.FlatVector;

/**
 * Adds up one vector of each of N workers, as large as the trained parameters. Vectors are added in
 * the workers' order: a floating-point sum depends on the order, and a run must be repeatable to
 * the last bit.
 *
 * <p>Vectors may be bfloat16, to be half as long on the wire: they are added in float32, and the
 * sum is rounded once, before it is sent to the driver.
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
   * @param told the worker's other result; serialisable
   * @param free runs when the vectors are no longer needed
   */
  public record Given<O>(List<FlatVector> vectors, O told, Runnable free) {
    private Shard<O> shard(int number, int worker, int count) {
      List<FlatVector> parts = new ArrayList<>();
      for (FlatVector vector : vectors) {
        long from = start(vector.size(), number, count);
        parts.add(vector.part(from, start(vector.size(), number + 1, count) - from));
      }
      return new Shard<>(number, worker, parts, number == 0 ? List.of(told) : List.of());
    }
  }

  /** Where a shard of a vector begins. */
  private static long start(long size, int number, int count) {
    return size * number / count; // cannot overflow: sizes are far below 2⁶³ / workers
  }

  /** Receives the shards of the sums. */
  @FunctionalInterface
  public interface Target {
    /**
     * Receives one shard.
     *
     * @param vector number of the vector in {@link Given#vectors}
     * @param from index of the shard's first number in that vector
     */
    void take(int vector, long from, FlatVector shard);
  }

  /** A shard of a worker's vectors or of the sum; shard 0 carries {@link Given#told}. */
  private record Shard<O>(int number, int worker, List<FlatVector> parts, List<O> told)
      implements Serializable {
    void close() {
      parts.forEach(FlatVector::close);
    }

    /** This shard converted to a type; closes this one if it had another type. */
    Shard<O> as(DType dtype) {
      return new Shard<>(number, worker, parts.stream().map(part -> part.as(dtype)).toList(), told);
    }
  }

  /**
   * Adds up the workers' vectors.
   *
   * @param ofWorkers one partition per worker, each with one element
   * @param sizes lengths of the vectors
   * @return {@link Given#told} of the workers, in their order
   */
  public static <O> List<O> run(JavaRDD<Given<O>> ofWorkers, List<Long> sizes, Target target) {
    int count = ofWorkers.getNumPartitions();
    JavaRDD<Shard<O>> added =
        ofWorkers
            .mapPartitions(given -> cut(given.next(), count))
            .keyBy(Shard::number)
            .partitionBy(new HashPartitioner(count))
            .values()
            .mapPartitions(shards -> List.of(add(shards)).iterator());
    JavaSparkContext spark = JavaSparkContext.fromSparkContext(ofWorkers.context());
    List<Shard<O>> sums = PlacedJob.await(spark, added.collectAsync());
    for (Shard<O> sum : sums) {
      for (int v = 0; v < sizes.size(); v++) {
        target.take(v, start(sizes.get(v), sum.number, count), sum.parts.get(v));
      }
      sum.close();
    }
    return sums.get(0).told;
  }

  private static <O> Iterator<Shard<O>> cut(Given<O> given, int count) {
    TaskContext task = TaskContext.get();
    TaskCompletionListener ended = context -> given.free.run(); // when the shards are written
    task.addTaskCompletionListener(ended);
    IntFunction<Shard<O>> shard = number -> given.shard(number, task.partitionId(), count);
    return IntStream.range(0, count).mapToObj(shard).iterator();
  }

  /** Adds in the order of the workers, whichever shard arrives first. */
  private static <O> Shard<O> add(Iterator<Shard<O>> shards) {
    Map<Integer, Shard<O>> early = new HashMap<>();
    Shard<O> sum = null;
    DType onWire = DType.FLOAT32;
    List<O> told = new ArrayList<>();
    try {
      for (int worker = 0; shards.hasNext() || !early.isEmpty(); worker++) {
        while (!early.containsKey(worker)) {
          Shard<O> next = shards.next();
          early.put(next.worker, next);
        }
        Shard<O> next = early.remove(worker);
        told.addAll(next.told);
        if (sum == null) {
          onWire = next.parts.get(0).dtype();
          sum = next.as(DType.FLOAT32);
        } else {
          addTo(sum, next);
        }
      }
      sum = sum.as(onWire);
      sum.parts.forEach(FlatVector::handedOver);
      return new Shard<>(sum.number, 0, sum.parts, told);
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
