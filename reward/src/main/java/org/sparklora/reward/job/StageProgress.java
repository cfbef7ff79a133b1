package org.sparklora.reward.job;

import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.LongAccumulator;
import org.sparklora.pipeline.run.Progress;

/**
 * Shows the number of judged rows of a running stage, from its own thread.
 *
 * <p>Accumulators count a retried task twice: they feed only the progress, never a result.
 */
final class StageProgress implements AutoCloseable {
  private static final long POLL_MILLIS = 200;

  private final Progress progress;
  private final LongAccumulator read;
  private final LongAccumulator judged;
  private final Thread watcher;

  StageProgress(SparkSession spark, String name) {
    this.progress = Progress.start(name, "completions");
    this.read = spark.sparkContext().longAccumulator(name + ": rows read");
    this.judged = spark.sparkContext().longAccumulator(name + ": rows judged");
    this.watcher = new Thread(this::watch, "reward-progress");
    watcher.setDaemon(true);
    watcher.start(); // all fields that it reads are set
  }

  /** Counts rows that were read; all are read before the first is judged. */
  LongAccumulator read() {
    return read;
  }

  /** Counts rows that were judged. */
  LongAccumulator judged() {
    return judged;
  }

  private void watch() {
    try {
      while (true) {
        Thread.sleep(POLL_MILLIS);
        progress.show(judged.value() / (double) Math.max(1, read.value()), judged.value());
      }
    } catch (InterruptedException closed) {
      Thread.currentThread().interrupt();
    }
  }

  void done() {
    close();
    progress.done(judged.value());
  }

  @Override
  public void close() {
    watcher.interrupt();
  }
}
