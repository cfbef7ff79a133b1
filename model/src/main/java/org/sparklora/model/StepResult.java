package org.sparklora.model;

import org.sparklora.model.loss.TokenLogProbs;

/**
 * The result of one forward pass over a micro-batch.
 *
 * @param loss the value of the requested loss; not finite if the model diverged
 * @param tokens all tokens of the batch
 * @param logProbs log-probabilities and further scores of the target tokens
 */
public record StepResult(double loss, long tokens, TokenLogProbs logProbs) {}
