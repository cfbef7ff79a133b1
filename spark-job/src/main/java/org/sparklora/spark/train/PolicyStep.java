package org.sparklora.spark.train;

import java.util.List;
import org.sparklora.model.PackedBatch;
import org.sparklora.model.loss.GrpoLoss;

/**
 * One optimizer step of a policy loss.
 *
 * @param step number of the step, from 0
 * @param microBatches whose losses and gradients add up
 */
public record PolicyStep(int step, List<MicroBatch> microBatches) {

  /**
   * @param packed prompts and completions; without tokens if all completions are masked
   * @param loss what is computed on them, with its share of the step
   */
  public record MicroBatch(PackedBatch packed, GrpoLoss loss) {}
}
