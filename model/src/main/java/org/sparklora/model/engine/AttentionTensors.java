package org.sparklora.model.engine;

import org.sparklora.model.engine.tensor.Tensor;

/**
 * The tensors that attention reads and writes.
 *
 * @param q {@code (N, H, D)}
 * @param k {@code (S, K, D)}: the keys of the queries' own tokens, or of a cache; query head h
 *     reads key/value head {@code h·K/H}
 * @param v {@code (S, K, D)}
 * @param y receives the result, {@code (N, H, D)}
 * @param logSumExp receives the logarithm of each softmax's denominator, {@code (N, H)}
 */
public record AttentionTensors(Tensor q, Tensor k, Tensor v, Tensor y, Tensor logSumExp) {

  /** Gradients of these tensors, in their shapes; dQ, dK and dV are added to. */
  public record Gradients(Tensor dY, Tensor dQ, Tensor dK, Tensor dV) {}
}
