package org.sparklora.spark.cli;

import java.util.concurrent.TimeoutException;
import org.apache.spark.SparkEnv;
import org.apache.spark.sql.SparkSession;
import org.sparklora.spark.workers.ExecutorWorkers;

/** Spark sessions of tests: local, without a user interface. */
public final class TestSpark {
  private TestSpark() {}

  /** A session with that many task slots. */
  public static SparkSession open(int slots) {
    return builder(slots).getOrCreate();
  }

  /** A session whose tasks get everything over the wire, as on a cluster. */
  public static SparkSession openApart(int slots) {
    return builder(slots).config(ExecutorWorkers.SHARED_MEMORY, "false").getOrCreate();
  }

  /**
   * Lets the next runs of the open session share the memory of this process, or do as if its tasks
   * were apart.
   */
  public static void shareMemory(boolean shared) {
    SparkEnv.get().conf().set(ExecutorWorkers.SHARED_MEMORY, Boolean.toString(shared));
  }

  /** Waits until listeners have heard of all that a session has done so far. */
  public static void awaitListeners(SparkSession spark) throws TimeoutException {
    spark.sparkContext().listenerBus().waitUntilEmpty();
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
