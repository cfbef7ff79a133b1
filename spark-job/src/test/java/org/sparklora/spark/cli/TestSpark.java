package org.sparklora.spark.cli;

import org.apache.spark.sql.SparkSession;

/** Spark sessions of tests: local, without a user interface. */
public final class TestSpark {
  private TestSpark() {}

  /** A session with that many task slots. */
  public static SparkSession open(int slots) {
    return builder(slots).getOrCreate();
  }

  /** The same, whose tasks share the memory of this process, or do as if they were apart. */
  public static SparkSession open(int slots, boolean sharesMemory) {
    return builder(slots)
        .config("spark.sparklora.sharedMemory", Boolean.toString(sharesMemory))
        .getOrCreate();
  }

  /** A session that is still to be configured. */
  public static SparkSession.Builder builder(int slots) {
    return SparkSession.builder()
        .master("local[%d]".formatted(slots))
        .appName("test")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1");
  }
}
