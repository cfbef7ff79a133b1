package org.sparklora.model.layer;

import java.util.Optional;
import org.sparklora.model.engine.tensor.Tensor;

/** The feed-forward layer of a block: one for all tokens, or a mixture of experts. */
public sealed interface FeedForward permits GatedFeedForward, RoutedFeedForward {

  /** The tensors of one forward that backward needs, of the layer's own kind. */
  sealed interface Saved permits GatedFeedForward.Saved, RoutedFeedForward.Saved {}

  /**
   * {@code residual += this(x)}, both {@code (N, C)}; without a residual only fills {@code saved}
   * once more, for a backward.
   */
  void forward(Workspace workspace, Tensor x, Saved saved, Optional<Tensor> residual);

  /** Overwrites dX, and gates in {@code saved} with their gradients. */
  void backward(Workspace workspace, Tensor x, Saved saved, Tensor dResidual, Tensor dX);
}
