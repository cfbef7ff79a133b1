package org.sparklora.spark.run;

import java.util.OptionalInt;

/**
 * What whoever starts a run adds to its settings.
 *
 * @param listener hears of it
 * @param stop a step, the last of a round where there are rounds, after which it stops with a
 *     checkpoint to go on from; empty goes to the end
 */
public record RunControl(RunListener listener, OptionalInt stop) {
  /** Nothing. */
  public static final RunControl NONE = heardBy(RunListener.none());

  /** A run to the end that somebody hears of. */
  public static RunControl heardBy(RunListener listener) {
    return new RunControl(listener, OptionalInt.empty());
  }

  /** A run that nobody hears of. */
  public static RunControl until(OptionalInt stop) {
    return new RunControl(RunListener.none(), stop);
  }

  /** The step before which it stops. */
  public int end(int totalSteps) {
    return Math.min(totalSteps, stop.orElse(totalSteps));
  }
}
