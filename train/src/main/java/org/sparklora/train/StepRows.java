package org.sparklora.train;

import java.io.Serializable;
import java.util.List;

/**
 * The numbers of the rows that one worker contributes to one optimizer step, in order. The worker
 * reads the rows from its process's copy of {@link TrainingRows}.
 *
 * @param step number of the step, from 0
 * @param firstMicroBatch number of its first micro-batch within the step, over all workers
 * @param ofStep number of micro-batches of the step, over the workers whose gradients are summed
 * @param normalizer target tokens that the loss is divided by: HF's {@code num_items_in_batch}
 * @param microBatches the numbers of each micro-batch's rows; read-only
 */
public record StepRows(
    int step, int firstMicroBatch, int ofStep, long normalizer, List<int[]> microBatches)
    implements Serializable {

  /** All rows of a step, or of a worker that takes steps of its own. */
  public StepRows(int step, int firstMicroBatch, long normalizer, List<int[]> microBatches) {
    this(step, firstMicroBatch, microBatches.size(), normalizer, microBatches);
  }
}
