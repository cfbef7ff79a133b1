package org.sparklora.api;

import java.util.Properties;
import java.util.UUID;
import org.apache.spark.sql.SparkSession;
import org.sparklora.pipeline.run.Interruption;

/** Runs work on a session, and can stop it while other runs continue. Thread-safe. */
final class Stoppable {
  private final SparkSession spark;
  private final Interruption interruption = new Interruption();
  private final String tag = "spark-lora-" + UUID.randomUUID(); // marks the Spark jobs of the work

  Stoppable(SparkSession spark) {
    this.spark = spark;
  }

  /** Runs work; this thread's Spark jobs then have the names, group and tags of before. */
  <T, E extends Exception> T run(Interruption.Work<T, E> work) throws E {
    Properties before = (Properties) spark.sparkContext().getLocalProperties().clone();
    spark.sparkContext().addJobTag(tag);
    try {
      return interruption.during(work);
    } finally {
      spark.sparkContext().setLocalProperties(before);
    }
  }

  void stop() {
    interruption.stop();
    spark.sparkContext().cancelJobsWithTag(tag);
  }
}
