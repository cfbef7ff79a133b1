package org.sparklora.train;

/**
 * The model diverged: a loss or a gradient is infinite or not a number. Serialisable, so that it
 * reaches the driver.
 */
public final class NonFiniteLossException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** The first step: nothing was trained before it, so the base model causes the value. */
  private static final int FIRST = 1;

  /**
   * @param what the quantity, for example "loss"
   * @param step number of the step, from 1 as it is logged
   * @param microBatch number of the micro-batch in the step, from 1
   */
  public NonFiniteLossException(String what, double value, int step, int microBatch) {
    this(what, value, step, ", micro-batch " + microBatch, "batch");
  }

  /** A quantity of a whole step, whose micro-batches may all have caused the value. */
  public NonFiniteLossException(String what, double value, int step) {
    this(what, value, step, "", "step");
  }

  private NonFiniteLossException(
      String what, double value, int step, String microBatch, String unit) {
    super(
        "Stopped because the %s is %s at step %s%s%s: no results were written. %s, or look at the rows of that %s"
            .formatted(
                what,
                value,
                step,
                microBatch,
                step == FIRST ? ", before anything was learnt" : "",
                step == FIRST
                    ? "Use another base model (or adapter to go on from), since this one yields it"
                    : "Lower learning_rate, add warmup_steps",
                unit));
  }
}
