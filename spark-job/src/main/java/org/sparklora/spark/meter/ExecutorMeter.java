package org.sparklora.spark.meter;

/**
 * Counts what this process does as an executor. Each reading holds what was done since the last
 * one, whichever task did it, so readings of tasks that share a process add up.
 *
 * <p>Thread-safe.
 */
public final class ExecutorMeter {
  private static final ExecutorMeter HERE = new ExecutorMeter(new PeakMemory());

  private final PeakMemory memory;
  private Effort training = Effort.NONE;
  private Effort generation = Effort.NONE;

  ExecutorMeter(PeakMemory memory) {
    this.memory = memory;
  }

  /** This process's. */
  public static ExecutorMeter here() {
    return HERE;
  }

  /**
   * Gradients were computed, or applied.
   *
   * @param tokens trained on; 0 for what belongs to tokens that were counted already
   * @param nanos that it took
   */
  public synchronized void trained(long tokens, long nanos) {
    training = training.plus(new Effort(tokens, nanos));
  }

  /**
   * Prompts were completed.
   *
   * @param tokens drawn
   * @param nanos that it took
   */
  public synchronized void generated(long tokens, long nanos) {
    generation = generation.plus(new Effort(tokens, nanos));
  }

  /**
   * What was done since the last reading, and the peaks of memory since the process began.
   *
   * @param executor Spark's name of this process
   */
  public synchronized ExecutorReading read(String executor) {
    ExecutorReading reading = new ExecutorReading(executor, training, generation, memory.metrics());
    training = Effort.NONE;
    generation = Effort.NONE;
    return reading;
  }
}
