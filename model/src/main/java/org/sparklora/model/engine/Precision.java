package org.sparklora.model.engine;

import java.io.Serializable;
import org.sparklora.model.engine.tensor.DType;

/**
 * The types of weights and products, set by {@code --dtype}, {@code --bf16} and {@code
 * --load_in_4bit} as in TRL.
 *
 * <p>Activations that are kept and the cache of keys and values are float32, or of the products'
 * type on engines that gain by it ({@link Engine#activationType}). Always float32: sums, statistics
 * of softmax and norms (log-sum-exp, reciprocal norms), logits, norms' weights and biases, adapters
 * and other trained weights, gradients and an optimizer's moments.
 *
 * @param weights type of a frozen base's matrices in memory: float32 or bfloat16, rounded to
 *     nearest; {@link org.sparklora.model.Decoder#kept} may choose bfloat16 without loss
 * @param products the operands of matrix products: float32, or bfloat16 to round them, as PyTorch's
 *     autocast does, on engines and CPUs that are faster with it
 * @param quantization of the matrices of a frozen base's linear layers, read as {@code weights}
 */
public record Precision(DType weights, DType products, Quantization quantization)
    implements Serializable {
  /** Weights and products in float32, without rounding, as TRL computes by default. */
  public static final Precision FLOAT32 = new Precision(DType.FLOAT32, DType.FLOAT32);

  public Precision {
    if (weights == DType.FLOAT16 || products == DType.FLOAT16) {
      throw new IllegalArgumentException(
          "Cannot compute with float16 weights: use float32, or bfloat16 to save memory");
    }
  }

  /** Without quantisation. */
  public Precision(DType weights, DType products) {
    this(weights, products, Quantization.NONE);
  }

  /** The type that this engine rounds the operands of all but the smallest products to. */
  public DType productsOn(Engine engine) {
    return engine.withProductsIn(products).operandType(Integer.MAX_VALUE);
  }
}
