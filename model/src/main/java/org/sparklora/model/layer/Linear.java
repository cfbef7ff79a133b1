package org.sparklora.model.layer;

import org.sparklora.model.engine.tensor.Tensor;

/**
 * A linear layer, with or without an adapter. Shapes: x {@code (N, in)}, y {@code (N, out)}, u
 * {@code (N, R)} with R = 0 without an adapter. The default methods are of a layer without one.
 */
public sealed interface Linear permits DenseLinear, LoraLinear {

  /** R, the width of {@code u}. */
  default int rank() {
    return 0;
  }

  /**
   * y = this(x).
   *
   * @param u receives the tensor that {@link #backward} needs besides x
   * @param adds whether y is added to instead of overwritten: saves a residual connection a copy
   */
  void forward(Workspace workspace, Tensor x, Tensor y, Tensor u, boolean adds);

  /** Computes u as forward did, without y, for a backward after gradient checkpointing. */
  default void recompute(Workspace workspace, Tensor x, Tensor u) {}

  /** Adds to trained weights' gradients; overwrites dX {@code (N, in)}, or {@code adds} to it. */
  void backward(Workspace workspace, Tensor x, Tensor u, Tensor dY, Tensor dX, boolean adds);

  /** This layer with another dropout mask, for rows that are computed in several calls. */
  default Linear salted(long salt) {
    return this;
  }
}
