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

  /**
   * Whether {@link #lossAndGradient} must see all M targets in one call, because a token's gradient
   * depends on other tokens. If not, it may be called for one run of targets after the other, and
   * the logits of a run need not be computed twice.
   */
  boolean needsWholeBatch();

  /**
   * The share of the loss that belongs to a run of targets.
   *
   * @param first number of the first target of the run
   * @param logProbs log-probabilities of the run's targets
   * @param entropies of the distributions they are from, in nats
   * @param dLogProbs receives (overwritten) the loss's derivative by each of them
   */
  double lossAndGradient(int first, float[] logProbs, float[] entropies, float[] dLogProbs);
}
