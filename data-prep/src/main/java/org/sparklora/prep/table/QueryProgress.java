package org.sparklora.prep.table;

import java.util.HashMap;
import java.util.Map;
import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerStageCompleted;
import org.apache.spark.scheduler.SparkListenerStageSubmitted;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.sparklora.pipeline.run.Progress;

/**
 * Progress of a query of Spark SQL: the tasks of each of its stages. Spark plans later stages while
 * a query runs, so only stages have a known end.
 *
 * <p>The callbacks are called by one thread, Spark's listener bus.
 */
public final class QueryProgress extends SparkListener {
  private static final String DESCRIPTION = "spark.job.description";
  private static final long SHORT_NANOS = 5_000_000_000L;

  private final String name;
  private final Map<Integer, Stage> stages = new HashMap<>();

  private QueryProgress(String name) {
    this.name = name;
  }

  /**
   * Runs a query, and shows the progress of its stages.
   *
   * @param name the description of the query's jobs, which no other query has meanwhile
   */
  public static void show(SparkContext spark, String name, Runnable query) {
    QueryProgress progress = new QueryProgress(name);
    spark.addSparkListener(progress);
    spark.setJobDescription(name);
    try {
      query.run();
    } finally {
      spark.setJobDescription(null);
      spark.removeSparkListener(progress);
    }
  }

  @Override
  public void onStageSubmitted(SparkListenerStageSubmitted submitted) {
    if (name.equals(submitted.properties().getProperty(DESCRIPTION))) {
      stages.put(submitted.stageInfo().stageId(), new Stage(submitted.stageInfo().numTasks()));
    }
  }

  @Override
  public void onTaskEnd(SparkListenerTaskEnd end) {
    Stage stage = stages.get(end.stageId());
    if (stage != null && end.taskInfo().successful()) {
      stage.done++;
      stage.progress.show((double) stage.done / stage.tasks, stage.done);
    }
  }

  @Override
  public void onStageCompleted(SparkListenerStageCompleted completed) {
    Stage stage = stages.remove(completed.stageInfo().stageId());
    if (stage != null && System.nanoTime() - stage.started > SHORT_NANOS) {
      stage.progress.done(stage.done);
    }
  }

  private final class Stage {
    private final long started = System.nanoTime();
    private final Progress progress = Progress.start(name, "tasks");
    private final int tasks;
    private long done;

    Stage(int tasks) {
      this.tasks = tasks;
    }
  }
}
