package org.sparklora.model.loss;

/**
 * A loss that is a function of the log-probability of each target token. Target tokens are numbered
 * in the order of the batch, 0 to M − 1.
 *
 * <p>Immutable; one instance may serve several calls.
 */
public sealed interface TokenLoss permits CrossEntropyLoss, GrpoLoss {

  /** The divisor of logits before the softmax. */
  default float temperature() {
    return 1f;
  }

  /** The weight of the routers' auxiliary loss (RouterLoad), which is added to this one. */
  double routerWeight();

  /** The targets on whose scores a target's gradient depends: with fewer it is known earlier. */
  enum Dependence {
    /** On no log-probability: {@link #lossAndGradient} gives the gradient for any input. */
    NOTHING,
    /** On the target's own scores: the loss may be called for one chunk after another. */
    OWN_TARGET,
    /** On all targets: the loss needs all M in one call, and logits are computed twice. */
    ALL_TARGETS
  }

  Dependence gradientDependsOn();

  /**
   * The part of the loss that belongs to a chunk of targets.
   *
   * @param first number of the first target of the chunk
   * @param logProbs log-probabilities of the chunk's targets
   * @param entropies entropies of the predicted distributions, in nats
   * @param dLogProbs overwritten with the loss's derivatives by {@code logProbs}
   */
  double lossAndGradient(int first, float[] logProbs, float[] entropies, float[] dLogProbs);
}
