package org.sparklora.model;

import java.util.List;
import java.util.Optional;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.layer.Linear;
import org.sparklora.model.layer.RmsNorm;
import org.sparklora.model.layer.TokenEmbedding;
import org.sparklora.model.layer.TokenPlaces;
import org.sparklora.model.layer.Workspace;

/**
 * The decoder's layers in order, bound to one parameter vector. The residual stream {@code (N, C)}
 * starts as the tokens' embeddings; each block adds to it; norm and head read its end.
 */
record DecoderStack(
    TokenEmbedding embedding, List<DecoderBlock> blocks, RmsNorm norm, Linear head) {

  /** The stream after the last block, {@code (N, C)}. */
  Tensor forward(Workspace workspace, TokenPlaces places, Activations activations) {
    workspace.reclaim();
    activations.routers().clear();
    embedding.forward(workspace.engine(), places.tokens(), activations.stream(0));
    for (int layer = 0; layer < blocks.size(); layer++) {
      Tensor x = activations.stream(layer);
      Tensor y = activations.stream(layer + 1);
      blocks.get(layer).forward(workspace, places, x, activations.block(layer), Optional.of(y));
    }
    return activations.stream(blocks.size());
  }

  /** {@code dStream} {@code (N, C)}: on entry the gradient of forward's result; overwritten. */
  void backward(Workspace workspace, TokenPlaces places, Activations activations, Tensor dStream) {
    for (int layer = blocks.size() - 1; layer >= 0; layer--) {
      DecoderBlock block = blocks.get(layer);
      Tensor x = activations.stream(layer);
      DecoderBlock.Saved saved = activations.block(layer);
      if (!activations.holds(layer)) {
        block.forward(workspace, places, x, saved, Optional.empty());
      }
      block.backward(workspace, places, x, saved, dStream);
    }
    embedding.backward(workspace.engine(), places.tokens(), dStream);
  }
}
