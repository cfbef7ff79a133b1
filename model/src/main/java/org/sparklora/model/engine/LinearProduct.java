package org.sparklora.model.engine;

import org.sparklora.model.engine.tensor.DType;

/**
 * A product of a linear layer, forward or backward.
 *
 * @param type the type that its operands are rounded to
 * @param rows N, the rows of x or dY
 */
public record LinearProduct(DType type, int rows) {}
