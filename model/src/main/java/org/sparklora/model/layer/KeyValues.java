package org.sparklora.model.layer;

import org.sparklora.model.engine.tensor.Tensor;

/**
 * The rotated keys and the values of one layer, {@code (S, K·D)} each, of a pass's S tokens or of a
 * cache's S slots.
 */
public record KeyValues(Tensor keys, Tensor values) {}
