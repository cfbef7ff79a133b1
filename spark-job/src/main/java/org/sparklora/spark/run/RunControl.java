package org.sparklora.spark.run;

import java.util.OptionalInt;

/**
 * Controls that the caller of a run adds to its settings.
 *
 * @param listener receives the run's events
 * @param stop a step, in GRPO the last of a round, after which the run saves a checkpoint and
 *     stops; empty runs to the end
 */
public record RunControl(RunListener listener, OptionalInt stop) {
  /** Runs to the end with a listener. */
  public static RunControl heardBy(RunListener listener) {
    return new RunControl(listener, OptionalInt.empty());
  }

  /** Runs until a step without a listener. */
  public static RunControl until(OptionalInt stop) {
    return new RunControl(RunListener.none(), stop);
  }

  /** The step before which the run stops, from 0. */
  public int end(int totalSteps) {
    return Math.min(totalSteps, stop.orElse(totalSteps));
  }
}
