package org.sparklora.model.engine;

import org.sparklora.model.engine.tensor.Tensor;

/**
 * Gradients of {@link AttentionTensors}.
 *
 * @param dY gradient of the result, {@code (N, H, D)}
 * @param dQ is added to, {@code (N, H, D)}
 * @param dK is added to, {@code (S, K, D)}
 * @param dV is added to, {@code (S, K, D)}
 */
public record AttentionGradients(Tensor dY, Tensor dQ, Tensor dK, Tensor dV) {}
