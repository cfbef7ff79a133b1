package org.sparklora.model;

import org.sparklora.model.loss.TokenLogProbs;

/**
 * What one forward pass over a micro-batch measured.
 *
 * @param loss the value of the loss that was asked for; not finite if the model diverged
 * @param tokens all tokens of the batch
 * @param logProbs of each target token
 */
public record StepResult(double loss, long tokens, TokenLogProbs logProbs) {

  /** Σ −log p of the targets, in nats. */
  public double nllSum() {
    return logProbs.nllSum();
  }

  /** Tokens that carried a target. */
  public long targetTokens() {
    return logProbs.count();
  }

  /** Mean over the target tokens of the predicted distribution's entropy, in nats. */
  public double entropyMean() {
    return logProbs.entropyMean();
  }

  /** Share of the target tokens that the model ranked first. */
  public double accuracyMean() {
    return logProbs.accuracyMean();
  }
}
