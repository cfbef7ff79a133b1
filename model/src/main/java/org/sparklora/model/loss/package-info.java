/**
 * Losses on the log-probabilities of target tokens. They see numbers per token only: logits, and
 * the gradient through them, stay in {@code org.sparklora.model.LossHead}.
 */
package org.sparklora.model.loss;
