package org.sparklora.spark.workers;

import org.apache.spark.api.java.JavaSparkContext;

/** Names jobs on Spark's pages and in event logs, which else show a line of source. */
public final class JobNames {
  /** Spark's property of the job group; setJobGroup would also remove the description. */
  private static final String GROUP = "spark.jobGroup.id";

  private JobNames() {}

  /**
   * Puts all jobs that this thread, and threads that it starts from now on, submit into one group,
   * by which Spark's pages and {@code cancelJobGroup} find them.
   *
   * @param group command and run folder, such as {@code sft out/r64}
   */
  public static void group(JavaSparkContext spark, String group) {
    spark.setLocalProperty(GROUP, group);
  }

  /**
   * Names the jobs that this thread, and threads that it starts from now on, submit.
   *
   * @param name step and task of the jobs, such as {@code step 12: average 2 adapters}
   */
  public static void name(JavaSparkContext spark, String name) {
    spark.setJobDescription(name);
    spark.setCallSite(name); // names the job's stages
  }
}
