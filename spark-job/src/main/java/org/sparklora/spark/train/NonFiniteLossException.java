package org.sparklora.spark.train;

/**
 * The model diverged: a loss or a gradient is infinite or not a number. Serialisable, so that it
 * reaches the driver.
 */
public final class NonFiniteLossException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * @param what the quantity, for example "loss"
   * @param step number of the step, from 1 as it is logged
   * @param microBatch number of the micro-batch in the step, from 1
   */
  public NonFiniteLossException(String what, double value, int step, int microBatch) {
    super(
        "Stopped because the %s is %s at step %d, micro-batch %d: no results were written. Lower learning_rate, add warmup_steps, or look at the rows of that batch"
            .formatted(what, value, step, microBatch));
  }
}
