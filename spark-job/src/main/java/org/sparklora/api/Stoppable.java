package org.sparklora.api;

import java.util.UUID;
import org.apache.spark.sql.SparkSession;
import org.sparklora.pipeline.run.Interruption;

/** What runs on a session by one object, and can be stopped while other runs go on. Thread-safe. */
final class Stoppable {
  private final SparkSession spark;
  private final Interruption interruption = new Interruption();
  private final String tag = "spark-lora-" + UUID.randomUUID(); // of its Spark jobs

  Stoppable(SparkSession spark) {
    this.spark = spark;
  }

  <T, E extends Exception> T run(Interruption.Work<T, E> work) throws E {
    spark.sparkContext().addJobTag(tag);
    try {
      return interruption.during(work);
    } finally {
      spark.sparkContext().removeJobTag(tag);
    }
  }

  void stop() {
    interruption.stop();
    spark.sparkContext().cancelJobsWithTag(tag);
  }
}
