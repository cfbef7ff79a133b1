package org.sparklora.spark.dl4j;

import java.util.List;
import org.sparklora.train.StepRows;

/**
 * How several executors train one set of parameters. Implementations change the parameters of the
 * {@link TrainedNetwork} they were made with.
 */
public sealed interface Synchronizer permits ParameterAveraging, SummedGradients {

  /** Number of optimizer steps that {@link #train} takes at once. */
  int stepsPerRound();

  /**
   * Trains on the rows of at most {@link #stepsPerRound} steps.
   *
   * @param rows for each worker the rows of each step, in order
   * @throws org.sparklora.train.NonFiniteLossException if a loss or gradient is not finite;
   *     the parameters are unusable then
   */
  RoundReport train(List<List<StepRows>> rows);
}
