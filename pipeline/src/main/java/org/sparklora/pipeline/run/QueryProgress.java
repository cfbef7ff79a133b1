package org.sparklora.pipeline.run;

import java.util.HashMap;
import java.util.Map;
import org.apache.spark.SparkContext;
import org.apache.spark.executor.TaskMetrics;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerStageCompleted;
import org.apache.spark.scheduler.SparkListenerStageSubmitted;
import org.apache.spark.scheduler.SparkListenerTaskEnd;

/**
 * Progress of a query of Spark SQL: the rows that the ended tasks of each of its stages have read.
 * Spark plans later stages while a query runs, so only stages have a known end.
 *
 * <p>Thread-safe: Spark's listener bus calls it on a thread of its own.
 */
public final class QueryProgress extends SparkListener {
  private static final String DESCRIPTION = "spark.job.description";
  private static final double SHORT_SECONDS = 5;

  private final String name;
  private final String unit;
  private final Map<Integer, Stage> stages = new HashMap<>();

  private QueryProgress(String name, String unit) {
    this.name = name;
    this.unit = unit;
  }

  /**
   * Runs a query, and shows the progress of its stages.
   *
   * @param name the description of the query's jobs, which no other query has meanwhile
   * @param unit the rows' name, for example {@code completions}
   */
  public static void show(SparkContext spark, String name, String unit, Runnable query) {
    QueryProgress progress = new QueryProgress(name, unit);
    spark.addSparkListener(progress);
    spark.setJobDescription(name);
    try {
      query.run();
    } finally {
      spark.setJobDescription(null);
      spark.removeSparkListener(progress);
      progress.end();
    }
  }

  @Override
  public synchronized void onStageSubmitted(SparkListenerStageSubmitted submitted) {
    if (name.equals(submitted.properties().getProperty(DESCRIPTION))) {
      stages.put(submitted.stageInfo().stageId(), new Stage(submitted.stageInfo().numTasks()));
    }
  }

  @Override
  public synchronized void onTaskEnd(SparkListenerTaskEnd end) {
    Stage stage = stages.get(end.stageId());
    if (stage != null && end.taskInfo().successful()) {
      TaskMetrics metrics = end.taskMetrics();
      stage.done++;
      stage.rows +=
          metrics.inputMetrics().recordsRead() + metrics.shuffleReadMetrics().recordsRead();
      stage.progress.show((double) stage.done / stage.tasks, stage.rows);
    }
  }

  @Override
  public synchronized void onStageCompleted(SparkListenerStageCompleted completed) {
    Stage stage = stages.remove(completed.stageInfo().stageId());
    if (stage != null && stage.progress.seconds() > SHORT_SECONDS) {
      stage.progress.done(stage.rows);
    } else if (stage != null) {
      stage.progress.leave();
    }
  }

  /** Leaves the stages whose events did not arrive before the query's end. */
  private synchronized void end() {
    stages.values().forEach(stage -> stage.progress.leave());
    stages.clear();
  }

  private final class Stage {
    private final Progress progress = Progress.start(name, unit);
    private final int tasks;
    private int done;
    private long rows;

    Stage(int tasks) {
      this.tasks = tasks;
    }
  }
}
