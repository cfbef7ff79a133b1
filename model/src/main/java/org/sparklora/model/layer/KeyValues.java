package org.sparklora.model.layer;

import org.sparklora.model.engine.tensor.Tensor;

/**
 * One layer's cache: the rotated keys and the values of earlier tokens, one slot per token.
 *
 * @param keys {@code (S, K·D)} for S slots
 * @param values {@code (S, K·D)}
 */
public record KeyValues(Tensor keys, Tensor values) {}
