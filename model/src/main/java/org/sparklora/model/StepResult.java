package org.sparklora.model;

import org.sparklora.model.loss.TokenLogProbs;

/**
 * The result of one forward pass over a micro-batch.
 *
 * @param loss the value of the requested loss; not finite if the model diverged
 * @param tokens all tokens of the batch
 * @param logProbs log-probabilities and further scores of the target tokens
 * @param routerLoss the auxiliary loss of the routers; 0 without experts
 */
public record StepResult(double loss, long tokens, TokenLogProbs logProbs, double routerLoss) {

  /** This result with the routers' loss, which is added to {@code loss} times {@code weight}. */
  StepResult plus(double ofRouters, double weight) {
    double sum = weight == 0 ? loss : loss + weight * ofRouters;
    return new StepResult(sum, tokens, logProbs, ofRouters);
  }
}
