package org.sparklora.model.layer;

import org.sparklora.model.kernels.Kernels;
import org.sparklora.model.kernels.Tensor;

/**
 * {@code y[n] = table[tokens[n]]}.
 *
 * @param table {@code (V, C)}
 * @param paddingId token whose row gets no gradient here (PyTorch's {@code padding_idx}, which
 *     transformers sets to the config's {@code pad_token_id}); −1 for none
 */
public record TokenEmbedding(Weight table, int paddingId) {

  /** Overwrites y {@code (N, C)}. */
  public void forward(Kernels kernels, int[] tokens, Tensor y) {
    kernels.embed(table.value(), tokens, y);
  }

  /** Adds to the table's gradient, if it is trained. */
  public void backward(Kernels kernels, int[] tokens, Tensor dY) {
    // forward: y[n] = table[tokens[n]]
    table.gradient().ifPresent(dTable -> kernels.embedBackward(tokens, paddingId, dY, dTable));
  }
}
