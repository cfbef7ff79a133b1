/**
 * Losses on the log-probabilities of target tokens. Losses read only scores per token; {@code
 * org.sparklora.model.LossHead} computes logits and the gradient through them.
 */
package org.sparklora.model.loss;
