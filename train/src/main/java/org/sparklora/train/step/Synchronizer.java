package org.sparklora.train.step;

import java.util.List;
import org.sparklora.train.StepRows;

/**
 * How several executors train one set of parameters. Implementations change the parameters of the
 * {@link TrainedVectors} they were made with.
 */
public interface Synchronizer {

  /** Number of optimizer steps that {@link #train} takes at once. */
  int stepsPerRound();

  /**
   * Trains on the rows of at most {@link #stepsPerRound} steps.
   *
   * @param rows for each worker the rows of each step, in order
   * @throws org.sparklora.train.NonFiniteLossException if a loss or gradient is not finite; the
   *     parameters are unusable then
   */
  RoundReport train(List<List<StepRows>> rows);
}
