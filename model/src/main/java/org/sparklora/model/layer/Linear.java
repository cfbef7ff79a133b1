package org.sparklora.model.layer;

import org.sparklora.model.engine.Tensor;

/**
 * A linear layer, with or without an adapter. Shapes: x {@code (N, in)}, y {@code (N, out)}, u
 * {@code (N, R)} with R = 0 without an adapter.
 */
public sealed interface Linear permits DenseLinear, LoraLinear {

  /** R, the width of {@code u}. */
  int rank();

  /**
   * y = this(x).
   *
   * @param u receives what {@link #backward} needs besides x
   */
  void forward(Workspace workspace, Tensor x, Tensor y, Tensor u);

  /** y += this(x), which saves a residual connection its copy. */
  void forwardAdd(Workspace workspace, Tensor x, Tensor y, Tensor u);

  /** Fills u again as forward did, without y: for a backward whose forward kept nothing. */
  void recompute(Workspace workspace, Tensor x, Tensor u);

  /** Adds to dX {@code (N, in)} and to the gradients of the trained weights. */
  void backward(Workspace workspace, Tensor x, Tensor u, Tensor dY, Tensor dX);

  /** The same layer with other dropout: for rows that are computed in several calls. */
  Linear salted(long salt);
}
