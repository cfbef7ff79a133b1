package org.sparklora.model;

import org.sparklora.model.loss.TokenLogProbs;

/**
 * What one forward pass over a micro-batch measured.
 *
 * @param loss the value of the loss that was asked for; not finite if the model diverged
 * @param nllSum Σ −log p of the targets, in nats
 * @param targetTokens tokens that carried a target
 * @param tokens all tokens of the batch
 * @param entropyMean mean over the target tokens of the predicted distribution's entropy, in nats
 * @param accuracyMean share of the target tokens that the model ranked first
 * @param logProbs of each target token
 */
public record StepResult(
    double loss,
    double nllSum,
    long targetTokens,
    long tokens,
    double entropyMean,
    double accuracyMean,
    TokenLogProbs logProbs) {}
