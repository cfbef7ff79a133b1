package org.sparklora.model;

import org.sparklora.model.loss.TokenLogProbs;

/**
 * What one forward pass over a micro-batch measured.
 *
 * @param loss the value of the loss that was asked for; not finite if the model diverged
 * @param tokens all tokens of the batch
 * @param logProbs of each target token
 */
public record StepResult(double loss, long tokens, TokenLogProbs logProbs) {}
