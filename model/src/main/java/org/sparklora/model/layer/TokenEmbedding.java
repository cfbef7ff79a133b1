package org.sparklora.model.layer;

import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.tensor.Indices;
import org.sparklora.model.engine.tensor.Tensor;

/**
 * {@code y[n] = table[tokens[n]]}.
 *
 * @param table {@code (V, C)}
 * @param paddingId token whose row gets no gradient from the embedding (PyTorch's {@code
 *     padding_idx}, which transformers sets to the config's {@code pad_token_id}); −1 for none
 */
public record TokenEmbedding(Weight table, int paddingId) {

  /** Overwrites y {@code (N, C)}. */
  public void forward(Engine engine, Indices tokens, Tensor y) {
    engine.embed(table.value(), tokens, y);
  }

  /** Adds to the table's gradient, if it is trained. */
  public void backward(Engine engine, Indices tokens, Tensor dY) {
    // forward: y[n] = table[tokens[n]]
    table.gradient().ifPresent(dTable -> engine.embedBackward(tokens, paddingId, dY, dTable));
  }
}
