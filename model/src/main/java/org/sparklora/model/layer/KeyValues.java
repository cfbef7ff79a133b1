package org.sparklora.model.layer;

import org.sparklora.model.engine.tensor.Tensor;

/**
 * The rotated keys and the values of one layer, of a pass's tokens or of the slots of a cache.
 *
 * @param keys {@code (S, K·D)} for S tokens or slots
 * @param values {@code (S, K·D)}
 */
public record KeyValues(Tensor keys, Tensor values) {}
