package org.sparklora.spark.workers;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.apache.spark.ExceptionFailure;
import org.apache.spark.TaskEndReason;
import org.apache.spark.TaskKilled;
import org.apache.spark.executor.ExecutorMetrics;
import org.apache.spark.executor.TaskMetrics;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.TaskInfo;
import org.apache.spark.scheduler.TaskLocality;
import org.junit.jupiter.api.Test;

/** What the driver's log says of what Spark does again. */
class ClusterLogTest {
  private static final int ATTEMPTS = 4;

  private final List<String> lines = new ArrayList<>();
  private final ClusterLog log = new ClusterLog(ATTEMPTS, lines::add);

  private void remove(String executor, String reason) {
    log.onExecutorRemoved(new SparkListenerExecutorRemoved(0, executor, reason));
  }

  private void end(int attempt, TaskEndReason reason) {
    TaskInfo task = new TaskInfo(7, 0, attempt, 0, 0, "1", "10.0.0.2", TaskLocality.ANY(), false);
    log.onTaskEnd(
        new SparkListenerTaskEnd(
            3, 0, "ResultTask", reason, task, new ExecutorMetrics(), TaskMetrics.empty()));
  }

  private static TaskEndReason failure(Exception thrown) {
    return new ExceptionFailure(thrown, scala.collection.immutable.List$.MODULE$.empty());
  }

  @Test
  void aLostExecutorIsSaidOnceInOneLine() {
    remove("1", "Command exited with code 137\nand more");
    remove("1", "Remote RPC client disassociated");
    assertThat(lines)
        .containsExactly(
            "Lost executor 1: Command exited with code 137; what it was doing is done again");
  }

  @Test
  void anExecutorThatDynamicAllocationGivesBackIsNotLost() {
    remove("1", "Executor killed by driver.");
    remove("2", "Executor decommission: spark scale down");
    assertThat(lines).isEmpty();
  }

  @Test
  void aTaskThatFailsIsSaidUntilItIsNotMadeAgain() {
    end(0, failure(new IllegalStateException("No space left on device\n\tat org.acme")));
    end(ATTEMPTS - 1, failure(new IllegalStateException("No space left on device")));
    assertThat(lines)
        .containsExactly(
            "stage 3: attempt 1 of 4 failed on executor 1 and is made again: IllegalStateException:"
                + " No space left on device");
  }

  @Test
  void aTaskThatIsNotWantedAnyMoreIsNoFailure() {
    end(
        0,
        new TaskKilled(
            "cancelled",
            scala.collection.immutable.List$.MODULE$.empty(),
            scala.collection.immutable.List$.MODULE$.empty(),
            scala.collection.immutable.List$.MODULE$.empty()));
    assertThat(lines).isEmpty();
  }
}
