package org.sparklora.model.engine;

import java.io.Serializable;

/**
 * The types of numbers by their role: what {@code --dtype} and {@code --bf16} say, as in TRL.
 *
 * <p>Activations that are kept and the cache of keys and values are float32, or of the products'
 * type on engines that gain by it ({@link Engine#activationType}). float32 whatever these are:
 * sums, what a softmax and a norm leave for backward (log-sum-exp, reciprocal norms), logits,
 * norms' weights and biases, adapters and other trained weights, gradients and an optimizer's
 * moments.
 *
 * @param weights how matrices of a frozen base are kept in memory: float32 or bfloat16, rounded to
 *     nearest; {@link org.sparklora.model.Decoder#kept} may save memory where that loses nothing
 * @param products the operands of matrix products: float32, or bfloat16 to round them, as PyTorch's
 *     autocast does, on engines and CPUs that are faster with it
 */
public record Precision(DType weights, DType products) implements Serializable {
  /** Nothing is rounded. */
  public static final Precision FLOAT32 = new Precision(DType.FLOAT32, DType.FLOAT32);

  public Precision {
    if (weights == DType.FLOAT16 || products == DType.FLOAT16) {
      throw new IllegalArgumentException(
          "Cannot compute with float16 weights: use float32, or bfloat16 to save memory");
    }
  }

  /** What this engine rounds the operands of all but the smallest products to. */
  public DType productsOn(Engine engine) {
    return engine.withProductsIn(products).operandType(Integer.MAX_VALUE);
  }
}
