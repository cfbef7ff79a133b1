package org.sparklora.model.engine;

import org.sparklora.model.engine.tensor.Tensor;

/**
 * A step of AdamW (Loshchilov and Hutter, 2019), in torch.optim.AdamW's terms, on a gradient g that
 * is scaled as {@code clip_grad_norm_} scales it:
 *
 * <pre>
 * g = scale·gradient    m = β₁·m + (1 − β₁)·g    v = β₂·v + (1 − β₂)·g²
 * p = p − lr·(m / (1 − β₁ᵗ) / (√v / √(1 − β₂ᵗ) + ε) + λ·p)
 * </pre>
 *
 * <p>Engines compute in float32 with β rounded to float32; the bias corrections use the rounded β
 * too, so that they fit the averages.
 *
 * @param step t, from 1
 * @param learningRate lr
 * @param beta1 β₁, decay of the average of gradients, below 1 as float32
 * @param beta2 β₂, decay of the average of squared gradients, below 1 as float32
 * @param epsilon ε, added to the root of the average of squares
 * @param weightDecay λ
 * @param decayed the number of parameters, from the first, that weight decay applies to
 * @param scale factor of the gradient
 */
public record AdamW(
    int step,
    double learningRate,
    double beta1,
    double beta2,
    double epsilon,
    double weightDecay,
    long decayed,
    double scale) {

  public AdamW {
    if (step < 1 || beta1 < 0 || (float) beta1 >= 1 || beta2 < 0 || (float) beta2 >= 1) {
      throw new IllegalArgumentException(
          "Cannot take step %s of AdamW with betas %s and %s: steps begin at 1, betas are in [0, 1) as float32, which rounds 0.99999999 to 1"
              .formatted(step, beta1, beta2));
    }
  }

  /** {@code lr·√(1 − β₂ᵗ) / (1 − β₁ᵗ)}: the update is {@code rate·m / (√v + }{@link #floor}). */
  public double rate() {
    return learningRate * correction2() / (1 - Math.pow((float) beta1, step));
  }

  /** {@code ε·√(1 − β₂ᵗ)}, which keeps the fraction in {@link #rate} finite. */
  public double floor() {
    return epsilon * correction2();
  }

  private double correction2() {
    return Math.sqrt(1 - Math.pow((float) beta2, step));
  }

  /** {@code lr·λ}, the share by which an element shrinks; 0 for an element without weight decay. */
  public double decay(long element) {
    return element < decayed ? learningRate * weightDecay : 0;
  }

  /**
   * The flat float32 vectors of one length that a step changes: p, g, which is zero afterwards, m
   * the average of gradients, and v that of squared gradients.
   */
  public record Vectors(Tensor parameters, Tensor gradient, Tensor first, Tensor second) {}
}
