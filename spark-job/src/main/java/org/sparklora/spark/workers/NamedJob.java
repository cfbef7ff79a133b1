package org.sparklora.spark.workers;

import org.apache.spark.api.java.JavaSparkContext;

/** What Spark's pages and event logs call a job: otherwise the line of a source that starts it. */
public final class NamedJob {
  /** Spark's own name of it; its setJobGroup would take the description away as well. */
  static final String GROUP = "spark.jobGroup.id";

  private NamedJob() {}

  /**
   * Puts all jobs that this thread, and threads that it starts from now on, hand to Spark into one
   * group, by which Spark's pages and {@code cancelJobGroup} find them.
   *
   * @param group what the command does for whom, such as {@code sft out/r64}
   */
  public static void group(JavaSparkContext spark, String group) {
    spark.setLocalProperty(GROUP, group);
  }

  /**
   * Names the jobs that this thread, and threads that it starts from now on, hand to Spark.
   *
   * @param name what they do for whom, such as {@code step 12: average 2 adapters}
   */
  public static void name(JavaSparkContext spark, String name) {
    spark.setJobDescription(name);
    spark.setCallSite(name); // of its stages
  }
}
