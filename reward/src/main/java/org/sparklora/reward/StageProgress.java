package org.sparklora.reward;

import org.apache.spark.SparkStatusTracker;
import org.apache.spark.sql.SparkSession;
import org.sparklora.pipeline.run.Progress;

/** Shows how many of a running stage's tasks are done, from a thread of its own. */
final class StageProgress implements AutoCloseable {
  private static final long POLL_MILLIS = 500;

  private final Progress progress;
  private final SparkStatusTracker tracker;
  private final Thread watcher;
  private volatile int tasksDone;

  private StageProgress(SparkSession spark, String name) {
    this.progress = Progress.start(name, "tasks");
    this.tracker = spark.sparkContext().statusTracker();
    this.watcher = new Thread(this::watch, "reward-progress");
    watcher.setDaemon(true);
  }

  static StageProgress start(SparkSession spark, String name) {
    StageProgress progress = new StageProgress(spark, name);
    progress.watcher.start();
    return progress;
  }

  private void watch() {
    try {
      while (true) {
        Thread.sleep(POLL_MILLIS);
        int done = 0;
        int all = 0;
        for (int stage : tracker.getActiveStageIds()) {
          var info = tracker.getStageInfo(stage);
          if (info.isDefined()) {
            done += info.get().numCompletedTasks();
            all += info.get().numTasks();
          }
        }
        if (all > 0) {
          tasksDone = done;
          progress.show((double) done / all, done);
        }
      }
    } catch (InterruptedException closed) {
      Thread.currentThread().interrupt();
    }
  }

  void done() {
    close();
    progress.done(tasksDone);
  }

  @Override
  public void close() {
    watcher.interrupt();
  }
}
