package org.sparklora.observe.estimate;

import org.sparklora.observe.estimate.Finding.Severity;
import org.sparklora.train.vector.VectorType;

/**
 * The traffic that keeps several workers in step, and its seconds: vectors go to the executors,
 * come back in shards that executors exchange, and as a sum to the driver, one after the other.
 *
 * @param steps optimizer steps between two exchanges
 * @param bytes of the vector that an executor receives, and of the vector that a worker returns
 */
public record RoundTraffic(int workers, int steps, long bytes, long parameters) {
  /** Two stages of Spark without any work. */
  private static final double SPARK_SECONDS = 0.3;

  private static final double BYTES_A_GIGABIT = 1e9 / 8;
  private static final double SMALL_SHARE = 0.01;

  /** Steps between exchanges in the advice for slow networks, which also sends int8. */
  private static final int RARE_STEPS = 30;

  /** Seconds of an exchange on a network of some gigabits a second. */
  double seconds(double gigabits) {
    double shards = (workers - 1.0) / workers;
    return SPARK_SECONDS + (2 + shards) * bytes / (gigabits * BYTES_A_GIGABIT);
  }

  public Finding finding() {
    double step = seconds(1) / SMALL_SHARE / steps;
    double fewer =
        (double) bytes / steps / ((double) VectorType.INT8.bytes(parameters) / RARE_STEPS);
    return new Figures("round")
        .value("round_bytes", bytes)
        .value("round_steps", steps)
        .value("round_seconds_at_1_gigabit", seconds(1))
        .value("round_seconds_at_10_gigabits", seconds(10))
        .value("step_seconds_for_1_percent", step)
        .word("workers", workers)
        .word("fewer", fewer)
        .variant(steps == 1 ? "step" : "")
        .finding(Severity.OK, fewer > 2 ? "often" : "rare");
  }
}
