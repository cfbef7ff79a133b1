package org.sparklora.spark.workers;

import org.apache.spark.api.java.JavaSparkContext;

/** What Spark's pages and event logs call a job: otherwise the line of a source that starts it. */
public final class NamedJob {
  private NamedJob() {}

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
