package org.sparklora.model.loss;

/**
 * Mean negative log-likelihood: {@code loss = −Σ w·logProb / normalizer}. The weight w of a token
 * is 1, or in dynamic fine-tuning (Wu et al., 2025, arXiv 2508.05629; TRL's {@code dft}) its
 * probability, through which no gradient passes.
 *
 * @param normalizer the target tokens of the whole optimizer step, over all its micro-batches and
 *     executors (Hugging Face's {@code num_items_in_batch}); then the micro-batches' losses and
 *     gradients add up to those of the step
 * @param routerWeight weight of the auxiliary loss of a mixture's routers
 */
public record CrossEntropyLoss(double normalizer, boolean dynamic, double routerWeight)
    implements TokenLoss {

  public CrossEntropyLoss {
    if (!(normalizer > 0)) {
      throw new IllegalArgumentException(
          "Cannot divide the loss by %s: the normalizer is the number of target tokens in the step and must be positive"
              .formatted(normalizer));
    }
  }

  /** A loss whose tokens all have the weight 1, without that of routers. */
  public CrossEntropyLoss(double normalizer) {
    this(normalizer, false, 0);
  }

  @Override
  public Dependence gradientDependsOn() {
    return dynamic ? Dependence.OWN_TARGET : Dependence.NOTHING;
  }

  @Override
  public double lossAndGradient(int first, float[] logProbs, float[] entropies, float[] dLogProbs) {
    double sum = 0;
    for (int m = 0; m < logProbs.length; m++) {
      double weight = dynamic ? Math.exp(logProbs[m]) : 1;
      sum += weight * logProbs[m];
      dLogProbs[m] = (float) (-weight / normalizer); // forward: loss = −Σ w·logProb / normalizer
    }
    return -sum / normalizer;
  }
}
