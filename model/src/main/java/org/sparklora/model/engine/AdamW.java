package org.sparklora.model.engine;

/**
 * A step of AdamW (Loshchilov and Hutter, 2019), in torch.optim.AdamW's terms, on a gradient g that
 * is scaled as {@code clip_grad_norm_} scales it:
 *
 * <pre>
 * g = scale·gradient    m = β₁·m + (1 − β₁)·g    v = β₂·v + (1 − β₂)·g²
 * p = p − lr·(m / (1 − β₁ᵗ) / (√v / √(1 − β₂ᵗ) + ε) + λ·p)
 * </pre>
 *
 * <p>Engines compute in float32, and hold β as float32 too: corrections are of these very values,
 * so that averages and corrections fit together.
 *
 * @param step t, from 1
 * @param learningRate lr
 * @param beta1 decay of the average of gradients, below 1
 * @param beta2 of that of their squares, below 1
 * @param epsilon added to the root of that average
 * @param weightDecay λ
 * @param decayed how many parameters it applies to, the first ones; the others have none
 * @param scale of the gradient
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
    if (step < 1 || beta1 < 0 || beta1 >= 1 || beta2 < 0 || beta2 >= 1) {
      throw new IllegalArgumentException(
          "Cannot take step %s of AdamW with betas %s and %s: steps begin at 1, betas are in [0, 1)"
              .formatted(step, beta1, beta2));
    }
  }

  /** {@code lr·√(1 − β₂ᵗ) / (1 − β₁ᵗ)}: the update is {@code rate·m / (√v + }{@link #floor}). */
  public double rate() {
    return learningRate * correction2() / (1 - Math.pow((float) beta1, step));
  }

  /** {@code ε·√(1 − β₂ᵗ)}, what keeps {@link #rate}'s fraction finite. */
  public double floor() {
    return epsilon * correction2();
  }

  private double correction2() {
    return Math.sqrt(1 - Math.pow((float) beta2, step));
  }

  /** {@code lr·λ}, by which an element shrinks; 0 for those that are not decayed. */
  public double decay(long element) {
    return element < decayed ? learningRate * weightDecay : 0;
  }

  /**
   * What a step changes, flat float32 vectors of one length.
   *
   * @param parameters p
   * @param gradient used up: zeros afterwards
   * @param first m, the average of gradients
   * @param second v, that of their squares
   */
  public record Vectors(Tensor parameters, Tensor gradient, Tensor first, Tensor second) {}
}
