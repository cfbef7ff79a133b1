package org.sparklora.spark.workers;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.ExecutorAllocationClient;
import org.apache.spark.api.java.JavaFutureAction;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.status.api.v1.ExecutorSummary;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Creates RDDs whose tasks run on the executor of their worker ({@link ExecutorPlaces}): each task
 * prefers that executor, for which Spark waits ({@code spark.locality.wait.process}). In local mode
 * tasks have no preference.
 */
public final class PlacedJob {
  private static final String DESCRIPTION = "spark.job.description";
  private static final long TOLD_EVERY_SECONDS = 60;
  private static final int LOOKS = 50;
  private static final long LOOK_NANOS = 100_000_000;
  private static final Logger LOG = LoggerFactory.getLogger(PlacedJob.class);

  private final JavaSparkContext spark;
  private final ExecutorPlaces places;

  public PlacedJob(JavaSparkContext spark) {
    this.spark = spark;
    this.places = new ExecutorPlaces(() -> usable(spark));
  }

  /** An RDD with one partition per part; partition k runs on the executor of worker k. */
  public <T> JavaRDD<T> parts(List<T> parts) {
    return spark.isLocal()
        ? spark.parallelize(parts, parts.size())
        : placed(parts, places.of(parts.size()));
  }

  /** An RDD with a single part, for one of several workers, counted from 0. */
  public <T> JavaRDD<T> part(T part, int worker, int workers) {
    return spark.isLocal()
        ? spark.parallelize(List.of(part), 1)
        : placed(List.of(part), List.of(places.of(workers).get(worker)));
  }

  /** Spark's Java API has no preferred locations, so the RDD is made by Scala's. */
  private <T> JavaRDD<T> placed(List<T> parts, List<Optional<ExecutorPlaces.Executor>> executors) {
    List<scala.Tuple2<T, scala.collection.Seq<String>>> placed = new ArrayList<>();
    for (int part = 0; part < parts.size(); part++) {
      List<String> locations =
          executors.get(part).map(ExecutorPlaces.Executor::location).stream().toList();
      placed.add(new scala.Tuple2<>(parts.get(part), sequence(locations)));
    }
    scala.reflect.ClassTag<T> any = scala.reflect.ClassTag$.MODULE$.apply(Object.class);
    return new JavaRDD<>(spark.sc().makeRDD(sequence(placed), any), any);
  }

  private static <T> scala.collection.Seq<T> sequence(List<T> all) {
    return scala.collection.JavaConverters.asScalaBuffer(all).toList();
  }

  /** The registered executors to which Spark gives tasks. */
  static List<ExecutorPlaces.Executor> usable(JavaSparkContext spark) {
    List<String> ids = scala.collection.JavaConverters.seqAsJavaList(spark.sc().getExecutorIds());
    Map<String, ExecutorSummary> known = summaries(spark);
    // Spark's status store lists an executor a moment after it registers
    for (int look = 0; look < LOOKS && !known.keySet().containsAll(ids); look++) {
      LockSupport.parkNanos(LOOK_NANOS); // returns at once in an interrupted thread
      known = summaries(spark);
    }
    return usable(
        ids.stream().map(known::get).filter(one -> one != null),
        id -> ((ExecutorAllocationClient) spark.sc().schedulerBackend()).isExecutorActive(id));
  }

  /**
   * Without executors of fewer cores than a task needs, those that failures excluded, and those
   * that are not active: they are decommissioned or removed.
   */
  static List<ExecutorPlaces.Executor> usable(
      Stream<ExecutorSummary> registered, Predicate<String> isActive) {
    return registered
        .filter(one -> one.maxTasks() > 0 && !one.isExcluded() && isActive.test(one.id()))
        .map(
            one ->
                new ExecutorPlaces.Executor(one.id(), host(one), one.maxTasks(), one.activeTasks()))
        .toList();
  }

  private static String host(ExecutorSummary summary) {
    return summary.hostPort().replaceFirst(":\\d+$", "");
  }

  /** The live executors by id, without the driver. */
  private static Map<String, ExecutorSummary> summaries(JavaSparkContext spark) {
    Map<String, ExecutorSummary> byId = new TreeMap<>();
    scala.collection.JavaConverters.seqAsJavaList(spark.sc().statusStore().executorList(true))
        .forEach(one -> byId.put(one.id(), one));
    byId.remove("driver");
    return byId;
  }

  /**
   * Names the jobs that this thread, and threads that it starts from now on, submit: Spark's pages
   * and event logs else show a line of source.
   *
   * @param name step and task of the jobs, such as {@code step 12: average 2 adapters}
   */
  public static void name(JavaSparkContext spark, String name) {
    spark.setJobDescription(name);
    spark.setCallSite(name); // names the job's stages
  }

  /**
   * Waits for a job; logs the wait every minute.
   *
   * @throws FailedPart if the job fails
   * @throws IllegalStateException if the calling thread is interrupted; the job is cancelled then
   */
  public static <T> T await(JavaSparkContext spark, JavaFutureAction<T> job) {
    for (long seconds = TOLD_EVERY_SECONDS; ; seconds += TOLD_EVERY_SECONDS) {
      try {
        return job.get(TOLD_EVERY_SECONDS, TimeUnit.SECONDS);
      } catch (TimeoutException e) {
        LOG.info(
            "Waiting for {} for {} s: {}",
            Optional.ofNullable(spark.getLocalProperty(DESCRIPTION)).orElse("executors"),
            seconds,
            whoWorks(spark));
      } catch (InterruptedException e) {
        job.cancel(true);
        Thread.currentThread().interrupt();
        throw new IllegalStateException("Interrupted while executors worked", e);
      } catch (ExecutionException e) {
        throw new FailedPart(e.getCause());
      }
    }
  }

  private static String whoWorks(JavaSparkContext spark) {
    if (spark.isLocal()) {
      return "this process works";
    }
    Map<Boolean, List<String>> working =
        summaries(spark).values().stream()
            .collect(
                Collectors.partitioningBy(
                    one -> one.activeTasks() > 0,
                    Collectors.mapping(
                        one -> "%s (%s)".formatted(one.id(), host(one)), Collectors.toList())));
    return "%s work, %s are idle".formatted(said(working.get(true)), said(working.get(false)));
  }

  private static String said(List<String> executors) {
    return executors.isEmpty() ? "no executors" : "executors " + String.join(", ", executors);
  }
}
