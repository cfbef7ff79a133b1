package org.sparklora.prep;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorMetricsUpdate;
import org.apache.spark.scheduler.SparkListenerTaskEnd;

/**
 * The sum of an accumulator over running tasks, which executors report with their heartbeats. Spark
 * adds a task's count to the accumulator's value only when the task ends, after minutes for a large
 * split.
 *
 * <p>Thread-safe.
 */
final class StageProgress extends SparkListener {
  private final long accumulator;
  private final Map<Long, Long> counts = new ConcurrentHashMap<>(); // by task

  /**
   * @param accumulator id of the accumulator that counts tokens
   */
  StageProgress(long accumulator) {
    this.accumulator = accumulator;
  }

  @Override
  public void onExecutorMetricsUpdate(SparkListenerExecutorMetricsUpdate heartbeat) {
    var tasks = heartbeat.accumUpdates().iterator();
    while (tasks.hasNext()) {
      var task = tasks.next();
      var updates = task._4().iterator();
      while (updates.hasNext()) {
        var update = updates.next();
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

  /** Tokens of all running tasks. */
  long tokens() {
    return counts.values().stream().mapToLong(Long::longValue).sum();
  }
}
