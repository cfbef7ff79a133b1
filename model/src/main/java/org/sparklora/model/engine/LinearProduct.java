package org.sparklora.model.engine;

import org.sparklora.model.engine.tensor.DType;

/** A product of N rows of a linear layer, forward or backward, on operands rounded to a type. */
public record LinearProduct(DType type, int rows) {}
