package org.sparklora.model.loss;

import java.io.Serializable;

/**
 * The size of one optimizer step, by which losses are divided so that the losses and gradients of
 * its micro-batches add up to those of the step.
 *
 * @param microBatches micro-batches of the step, over all executors
 * @param activeTokens target tokens of the step: an equal share of the batch of generations for
 *     each of its steps
 */
public record AccumulationWindow(int microBatches, double activeTokens) implements Serializable {

  public AccumulationWindow {
    if (microBatches < 1) {
      throw new IllegalArgumentException(
          "Cannot divide a step into %s micro-batches: at least 1".formatted(microBatches));
    }
  }

  /**
   * @param generationTokens target tokens of the whole batch of generations (TRL's {@code
   *     num_items_in_batch})
   * @param stepsPerGeneration micro-batches into which the batch of generations is divided
   */
  public static AccumulationWindow of(
      int microBatches, long generationTokens, int stepsPerGeneration) {
    return new AccumulationWindow(
        microBatches, (double) Math.max(generationTokens, 1) * microBatches / stepsPerGeneration);
  }
}
