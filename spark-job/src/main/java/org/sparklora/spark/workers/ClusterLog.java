package org.sparklora.spark.workers;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
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
import org.sparklora.pipeline.config.RootCause;

/**
 * Logs one line at the driver for each lost executor and each retried task: retries keep the
 * result, but take time. Spark's own lines have a stack trace each.
 */
public final class ClusterLog extends SparkListener {
  /** Spark's reasons for idle executors, the second with {@code spark.decommission.enabled}. */
  private static final List<String> IDLE = List.of("killed by driver", "spark scale down");

  private static final int USUAL_ATTEMPTS = 4;
  private static final Logger LOG = LoggerFactory.getLogger(ClusterLog.class);

  private final int attempts;
  private final Consumer<String> warnings;
  private final Map<String, String> hosts = new ConcurrentHashMap<>();
  private final Set<String> lost = ConcurrentHashMap.newKeySet();
  private final Map<Integer, String> stages = new ConcurrentHashMap<>();

  /** Expects {@code spark.task.maxFailures} attempts of a task. */
  ClusterLog(int attempts, Consumer<String> warnings) {
    this.attempts = attempts;
    this.warnings = warnings;
  }

  /** Starts logging, except in local mode, where a failure ends the command. */
  public static void of(SparkContext spark) {
    if (!spark.isLocal()) {
      spark.addSparkListener(
          new ClusterLog(
              spark.getConf().getInt("spark.task.maxFailures", USUAL_ATTEMPTS), LOG::warn));
    }
  }

  @Override
  public void onExecutorAdded(SparkListenerExecutorAdded added) {
    hosts.put(added.executorId(), added.executorInfo().executorHost());
  }

  @Override
  public void onExecutorRemoved(SparkListenerExecutorRemoved removed) {
    boolean told = !lost.add(removed.executorId()); // Spark may report a loss twice
    if (!told && IDLE.stream().noneMatch(removed.reason()::contains)) {
      warnings.accept(
          "Lost executor %s: %s; what it was doing is done again"
              .formatted(named(removed.executorId()), firstLine(removed.reason())));
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
      warnings.accept("%s: %s is missing, and is computed again".formatted(stage, result(lost)));
    } else if (end.reason() instanceof ExceptionFailure failure) {
      int attempt = end.taskInfo().attemptNumber() + 1;
      if (attempt < attempts) {
        warnings.accept(
            "%s: attempt %s of %s failed on executor %s and is made again: %s: %s"
                .formatted(
                    stage,
                    attempt,
                    attempts,
                    named(end.taskInfo().executorId()),
                    failure.className().replaceFirst("^.*\\.", ""),
                    firstLine(failure.description())));
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
    return text == null ? "no reason given" : RootCause.firstLine(text, "").strip();
  }
}
