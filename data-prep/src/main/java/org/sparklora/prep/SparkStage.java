package org.sparklora.prep;

import java.io.Serializable;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.JobExecutionStatus;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkJobInfo;
import org.apache.spark.TaskContext;
import org.apache.spark.TaskKilledException;
import org.apache.spark.api.java.JavaFutureAction;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.JavaSparkStatusTracker;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorMetricsUpdate;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.serializer.JavaSerializer;
import org.apache.spark.util.CollectionAccumulator;
import org.apache.spark.util.LongAccumulator;
import org.apache.spark.util.SerializableConfiguration;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.RootCause;
import org.sparklora.pipeline.run.Progress;
import org.sparklora.pipeline.table.TableException;
import org.sparklora.prep.document.SplitReport;

/**
 * Runs one Spark-free call per piece of work, each in a Spark task; shows progress, and returns the
 * reports in the order of the pieces. Used by one thread.
 *
 * @param unit what {@link SplitReport#tokens} counts
 */
public record SparkStage(JavaSparkContext spark, String name, String unit) {
  private static final long POLL_MILLIS = 50;
  private static final long MOST_MILLIS_OF_A_KILLED_TASK = 5_000; // it ends at its next row

  @FunctionalInterface
  public interface Task<T, R> extends Serializable {
    /**
     * Runs; {@code tokens} may receive counts meanwhile, the report has the total. A killed task
     * ends when it calls {@code tokens}, which throws.
     */
    R run(Configuration hadoop, int index, T piece, LongConsumer tokens);
  }

  /** A retried task is counted twice, so these counts feed the progress only, never a result. */
  private record Counts(
      LongAccumulator tasks, LongAccumulator tokens, CollectionAccumulator<String> fatalProblems)
      implements Serializable {

    <T, R extends SplitReport> R of(Task<T, R> task, Configuration hadoop, T piece) {
      AtomicLong told = new AtomicLong();
      TaskContext context = TaskContext.get();
      LongConsumer progress =
          count -> {
            if (context.isInterrupted()) {
              throw new TaskKilledException("its stage has ended");
            }
            told.addAndGet(count);
            tokens.add(count);
          };
      R report = task.run(hadoop, context.partitionId(), piece, progress); // one piece a partition
      tasks.add(1);
      tokens.add(report.tokens() - told.get());
      report.fatalProblem().ifPresent(fatalProblems::add);
      return report;
    }
  }

  /**
   * Runs the tasks. If one reports a fatal problem, ends the others and throws the problem.
   *
   * @param configuration each executor gets it once
   */
  public <T extends Serializable, R extends SplitReport> List<R> run(
      Configuration configuration, List<T> pieces, Task<T, R> task) {
    List<byte[]> work = pieces.stream().map(SparkStage::serialised).toList();
    Counts counts =
        new Counts(
            spark.sc().longAccumulator(name + " tasks"),
            spark.sc().longAccumulator(name + " " + unit),
            spark.sc().collectionAccumulator(name + " problems"));
    Broadcast<SerializableConfiguration> hadoop =
        spark.broadcast(new SerializableConfiguration(configuration));
    Running running = new Running(counts.tokens.id());
    spark.setJobDescription(name);
    spark.setCallSite(name);
    spark.sc().addSparkListener(running);
    try {
      return await(
          spark
              .parallelize(work, Math.max(1, work.size()))
              .map(piece -> counts.of(task, hadoop.value().value(), deserialised(piece)))
              .collectAsync(),
          work.size(),
          counts,
          running);
    } finally {
      spark.sc().removeSparkListener(running);
      spark.setJobDescription(null);
      spark.clearCallSite();
    }
  }

  private <R> List<R> await(
      JavaFutureAction<List<R>> future, int pieces, Counts counts, Running running) {
    Progress progress = Progress.start(name, unit);
    try {
      while (true) {
        try {
          List<R> reports = future.get(POLL_MILLIS, TimeUnit.MILLISECONDS);
          stopAtFatalProblem(future, counts);
          progress.done(counts.tokens.value());
          return reports;
        } catch (TimeoutException e) { // tasks are still running
          stopAtFatalProblem(future, counts);
          progress.show(
              (double) counts.tasks.value() / Math.max(1, pieces),
              counts.tokens.value() + running.tokens());
        }
      }
    } catch (ExecutionException e) {
      awaitTasks(future);
      throw unwrapped(e);
    } catch (InterruptedException e) {
      cancel(future);
      Thread.currentThread().interrupt();
      throw new TableException(
          "Cannot finish the stage " + name + ": the run was interrupted; start it again", e);
    }
  }

  private void stopAtFatalProblem(JavaFutureAction<?> future, Counts counts) {
    List<String> problems = new ArrayList<>(counts.fatalProblems.value());
    if (!problems.isEmpty()) {
      cancel(future);
      throw new TableException(
          Collections.min(problems)); // the same one each time if all have arrived
    }
  }

  private void cancel(JavaFutureAction<?> future) {
    future.cancel(true);
    awaitTasks(future);
  }

  /**
   * Waits until no task of a job that has ended runs: Spark does not wait, and a task that goes on
   * writing would bring back the folder that the caller deletes.
   */
  private void awaitTasks(JavaFutureAction<?> future) {
    boolean interrupted = Thread.interrupted();
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(MOST_MILLIS_OF_A_KILLED_TASK);
    while (System.nanoTime() < end && isActive(future)) {
      try {
        Thread.sleep(POLL_MILLIS);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean isActive(JavaFutureAction<?> future) {
    JavaSparkStatusTracker jobs = spark.statusTracker();
    return !spark.sc().isStopped()
        && future.jobIds().stream().map(jobs::getJobInfo).anyMatch(job -> isActive(jobs, job));
  }

  /** Spark learns of a job's beginning, its end and that of its tasks one after the other. */
  private static boolean isActive(JavaSparkStatusTracker jobs, SparkJobInfo job) {
    return job == null
        || job.status() == JobExecutionStatus.RUNNING
        || Arrays.stream(job.stageIds())
            .mapToObj(jobs::getStageInfo)
            .anyMatch(stage -> stage != null && stage.numActiveTasks() > 0);
  }

  /** The exception that a task threw, without Spark's wrapping, if it is one of our own types. */
  private RuntimeException unwrapped(ExecutionException e) {
    for (Throwable cause : RootCause.chain(e)) {
      if (cause instanceof TableException || cause instanceof ConfigException) {
        return (RuntimeException) cause;
      }
    }
    return new TableException(
        "Cannot finish the stage %s: %s".formatted(name, e.getCause().getMessage()), e);
  }

  /**
   * An object as bytes of Java's serialiser, so that an RDD can hold it under any {@code
   * spark.serializer}: a session that trains with DL4J uses Kryo 4, which can write neither records
   * nor the JDK's unmodifiable lists.
   */
  static byte[] serialised(Object value) {
    ByteBuffer written =
        new JavaSerializer(new SparkConf(false)).newInstance().serialize(value, anyClass());
    return Arrays.copyOf(written.array(), written.limit());
  }

  static <T> T deserialised(byte[] bytes) {
    return new JavaSerializer(new SparkConf(false))
        .newInstance()
        .deserialize(ByteBuffer.wrap(bytes), anyClass());
  }

  private static <T> scala.reflect.ClassTag<T> anyClass() {
    return scala.reflect.ClassTag$.MODULE$.apply(Object.class);
  }

  /**
   * The sum of an accumulator over running tasks, which executors report with their heartbeats.
   * Spark adds a task's count to the accumulator's value only when the task ends, after minutes for
   * a large split. Thread-safe.
   */
  static final class Running extends SparkListener {
    private final long accumulator; // its id
    private final Map<Long, Long> counts = new ConcurrentHashMap<>(); // by task

    Running(long accumulator) {
      this.accumulator = accumulator;
    }

    @Override
    public void onExecutorMetricsUpdate(SparkListenerExecutorMetricsUpdate heartbeat) {
      for (var task : scala.collection.JavaConverters.seqAsJavaList(heartbeat.accumUpdates())) {
        for (var update : scala.collection.JavaConverters.seqAsJavaList(task._4())) {
          if (update.id() == accumulator && update.update().nonEmpty()) {
            counts.put((Long) task._1(), (Long) update.update().get());
          }
        }
      }
    }

    @Override
    public void onTaskEnd(SparkListenerTaskEnd end) {
      counts.remove(end.taskInfo().taskId());
    }

    long tokens() {
      return counts.values().stream().mapToLong(Long::longValue).sum();
    }
  }
}
