package org.sparklora.model.loss;

/**
 * A loss that is a function of the log-probability of each target token. Target tokens are numbered
 * as they stand in the batch, 0 to M − 1.
 *
 * <p>Immutable; one instance may serve several calls.
 */
public sealed interface TokenLoss permits CrossEntropyLoss, GrpoLoss {

  /** Logits are divided by this before the softmax. */
  default float temperature() {
    return 1f;
  }

  /** What a target's gradient depends on: the less, the earlier it is known. */
  enum Dependence {
    /** On no log-probability: {@link #lossAndGradient} tells it of any numbers. */
    NOTHING,
    /**
     * On what the model says of that target: the loss may be called for one chunk after another.
     */
    OWN_TARGET,
    /** On other targets: the loss must see all M in one call, and logits are computed twice. */
    ALL_TARGETS
  }

  /** What a target's gradient depends on. */
  Dependence gradientDependsOn();

  /**
   * The share of the loss that belongs to a chunk of targets.
   *
   * @param first number of the first target of the chunk
   * @param logProbs log-probabilities of the chunk's targets
   * @param entropies of the distributions they are from, in nats
   * @param dLogProbs receives (overwritten) the loss's derivative by each of them
   */
  double lossAndGradient(int first, float[] logProbs, float[] entropies, float[] dLogProbs);
}
