package org.sparklora.spark.workers;

import org.apache.spark.api.java.JavaSparkContext;

/** Names jobs on Spark's pages and in event logs, which else show a line of source. */
public final class JobNames {
  private JobNames() {}

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
