package org.sparklora.spark.bench;

import java.util.function.DoubleSupplier;

/**
 * Repeats work until it stops getting faster: the JVM compiles code while it runs, so the first
 * steps take up to three times as long as later ones.
 *
 * @param leastSeconds shortest warm-up
 * @param mostSeconds no repetition begins after this time
 */
record WarmUp(double leastSeconds, double mostSeconds) {
  /** Repetitions in a row without a gain that end the warm-up: compilation comes in jumps. */
  private static final int STEADY = 4;

  /** A repetition is a gain if it takes less than this share of the last gain. */
  private static final double GAIN = 0.98;

  static WarmUp usual() {
    return new WarmUp(5, 120);
  }

  /** The result of a warm-up; not complete if the work was still getting faster at the end. */
  record Result(int repetitions, double seconds, boolean complete) {}

  /** Warms up by {@code work}, which takes one step and returns its seconds. */
  Result run(DoubleSupplier work) {
    double pace = Double.POSITIVE_INFINITY;
    double spent = 0;
    int repetitions = 0;
    int steady = 0;
    while (steady < STEADY || spent < leastSeconds) {
      if (spent >= mostSeconds) {
        return new Result(repetitions, spent, false);
      }
      double seconds = work.getAsDouble();
      repetitions++;
      spent += seconds;
      if (seconds < GAIN * pace) {
        pace = seconds;
        steady = 0;
      } else {
        steady++;
      }
    }
    return new Result(repetitions, spent, true);
  }
}
