package org.sparklora.model.layer;

import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.tensor.Indices;
import org.sparklora.model.engine.tensor.Tensor;

/**
 * {@code y[n] = scale · table[tokens[n]]}.
 *
 * @param table {@code (V, C)}
 * @param paddingId token whose row gets no gradient from the embedding (PyTorch's {@code
 *     padding_idx}, which transformers sets to the config's {@code pad_token_id}); −1 for none
 * @param scale √C in families that scale embeddings, else 1
 */
public record TokenEmbedding(Weight table, int paddingId, float scale) {

  /** Overwrites y {@code (N, C)}. */
  public void forward(Engine engine, Indices tokens, Tensor y) {
    engine.embed(table.value(), tokens, y);
    if (scale != 1) {
      engine.scale(y, scale);
    }
  }

  /** Adds {@code scale · dY} to the table's gradient, if it is trained; may scale dY in place. */
  public void backward(Engine engine, Indices tokens, Tensor dY) {
    if (table.gradient().isPresent()) {
      if (scale != 1) {
        engine.scale(dY, scale);
      }
      // forward: y[n] = scale · table[tokens[n]]
      engine.embedBackward(tokens, paddingId, dY, table.gradient().get());
    }
  }
}
