package org.sparklora.train.meter;

/**
 * Counts the work of this process as an executor. Each reading covers the work of all tasks since
 * the last reading, so readings of tasks that share a process add up.
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

  public static ExecutorMeter here() {
    return HERE;
  }

  /**
   * Adds work on computing or applying gradients.
   *
   * @param tokens tokens trained on; 0 for more work on tokens that were already counted
   */
  public synchronized void trained(long tokens, long nanos) {
    training = training.plus(new Effort(tokens, nanos));
  }

  /** Adds work on completing prompts, of which {@code tokens} are the sampled ones. */
  public synchronized void generated(long tokens, long nanos) {
    generation = generation.plus(new Effort(tokens, nanos));
  }

  /**
   * Returns and clears the work since the last reading; memory peaks are since the start of the
   * process.
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
