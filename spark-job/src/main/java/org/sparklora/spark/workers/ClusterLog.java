package org.sparklora.spark.workers;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.ExceptionFailure;
import org.apache.spark.FetchFailed;
import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorAdded;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;
import org.apache.spark.scheduler.SparkListenerStageCompleted;
import org.apache.spark.scheduler.SparkListenerStageSubmitted;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A line in the driver's log for each executor that is lost and each task that is run again: the
 * result is the same, but the time is not. Spark's own lines have a stack trace each.
 */
public final class ClusterLog extends SparkListener {
  private static final String KILLED_BY_DRIVER = "killed by driver"; // idle: dynamic allocation
  private static final int USUAL_ATTEMPTS = 4;
  private static final Logger LOG = LoggerFactory.getLogger(ClusterLog.class);

  private final int attempts;
  private final Map<String, String> hosts = new ConcurrentHashMap<>();
  private final Set<String> lost = ConcurrentHashMap.newKeySet();
  private final Map<Integer, String> stages = new ConcurrentHashMap<>();

  private ClusterLog(int attempts) {
    this.attempts = attempts;
  }

  /** Begins to write, unless executors are this process, whose failures end the command. */
  public static void of(SparkContext spark) {
    if (!spark.isLocal()) {
      spark.addSparkListener(
          new ClusterLog(spark.getConf().getInt("spark.task.maxFailures", USUAL_ATTEMPTS)));
    }
  }

  @Override
  public void onExecutorAdded(SparkListenerExecutorAdded added) {
    hosts.put(added.executorId(), added.executorInfo().executorHost());
  }

  @Override
  public void onExecutorRemoved(SparkListenerExecutorRemoved removed) {
    boolean told = !lost.add(removed.executorId()); // by the executor and by its worker
    if (!told && !removed.reason().contains(KILLED_BY_DRIVER)) {
      LOG.warn(
          "Lost executor {}: {}; what it was doing is done again",
          named(removed.executorId()),
          firstLine(removed.reason()));
    }
  }

  @Override
  public void onStageSubmitted(SparkListenerStageSubmitted submitted) {
    stages.put(submitted.stageInfo().stageId(), submitted.stageInfo().name());
  }

  @Override
  public void onStageCompleted(SparkListenerStageCompleted completed) {
    stages.remove(completed.stageInfo().stageId());
  }

  @Override
  public void onTaskEnd(SparkListenerTaskEnd end) {
    String stage = stages.getOrDefault(end.stageId(), "stage " + end.stageId());
    if (end.reason() instanceof FetchFailed lost) {
      LOG.warn("{}: {} is missing, and is computed again", stage, result(lost));
    } else if (end.reason() instanceof ExceptionFailure failure) {
      int attempt = end.taskInfo().attemptNumber() + 1;
      if (attempt < attempts) {
        LOG.warn(
            "{}: attempt {} of {} failed on executor {} and is made again: {}: {}",
            stage,
            attempt,
            attempts,
            named(end.taskInfo().executorId()),
            failure.className().replaceFirst("^.*\\.", ""),
            firstLine(failure.description()));
      }
    }
  }

  private String result(FetchFailed lost) {
    return lost.bmAddress() == null
        ? "a result"
        : "a result of executor " + named(lost.bmAddress().executorId());
  }

  private String named(String executor) {
    String host = hosts.get(executor);
    return host == null ? executor : "%s (%s)".formatted(executor, host);
  }

  private static String firstLine(String text) {
    return text == null ? "no reason given" : text.lines().findFirst().orElse("").strip();
  }
}
