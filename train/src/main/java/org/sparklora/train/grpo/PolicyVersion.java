package org.sparklora.train.grpo;

import org.sparklora.train.step.PolicyUpdates;
import org.sparklora.train.vector.FlatVector;
import org.sparklora.train.workers.SharedVector;
import org.sparklora.train.workers.Workers;

/**
 * A policy as it was after a number of optimizer steps.
 *
 * @param steps the number
 * @param vector the parameters, on the driver
 * @param shared the parameters, for work
 */
public record PolicyVersion(int steps, FlatVector vector, SharedVector shared) {

  /** The current policy, valid until the next step. */
  public static PolicyVersion current(PolicyUpdates updates, int steps) {
    return new PolicyVersion(steps, updates.vector(), updates.parameters());
  }

  /**
   * A copy of the current policy, which stays as it is until {@link #shared} is closed.
   *
   * @param workers that will read it
   */
  public static PolicyVersion copy(PolicyUpdates updates, int steps, Workers workers) {
    FlatVector copy = updates.vector().copy();
    return new PolicyVersion(steps, copy, workers.share(copy));
  }
}
