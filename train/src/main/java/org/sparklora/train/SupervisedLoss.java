package org.sparklora.train;

import java.io.Serializable;
import org.sparklora.model.loss.CrossEntropyLoss;

/**
 * The loss of supervised training.
 *
 * @param dynamic whether a target counts as much as its probability ({@code loss_type dft})
 * @param routerWeight weight of the auxiliary loss of a mixture's routers
 */
public record SupervisedLoss(boolean dynamic, double routerWeight) implements Serializable {
  /** The cross-entropy alone. */
  public static final SupervisedLoss PLAIN = new SupervisedLoss(false, 0);

  /**
   * The loss of a micro-batch.
   *
   * @param normalizer target tokens that the cross-entropy is divided by
   * @param microBatches by which the routers' loss is divided
   */
  CrossEntropyLoss of(long normalizer, int microBatches) {
    return new CrossEntropyLoss(normalizer, dynamic, routerWeight / microBatches);
  }
}
