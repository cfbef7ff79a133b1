package org.sparklora.model.loss;

import java.util.Arrays;

/**
 * Mean negative log-likelihood: {@code loss = −Σ logProb / normalizer}.
 *
 * @param normalizer the target tokens of the whole optimizer step, over all its micro-batches and
 *     executors (Hugging Face's {@code num_items_in_batch}); then the micro-batches' losses and
 *     gradients add up to those of the step
 */
public record CrossEntropyLoss(double normalizer) implements TokenLoss {

  public CrossEntropyLoss {
    if (!(normalizer > 0)) {
      throw new IllegalArgumentException(
          "Cannot divide the loss by %s: the normalizer is the number of target tokens in the step and must be positive"
              .formatted(normalizer));
    }
  }

  @Override
  public Dependence gradientDependsOn() {
    return Dependence.NOTHING;
  }

  @Override
  public double lossAndGradient(int first, float[] logProbs, float[] entropies, float[] dLogProbs) {
    double sum = 0;
    for (float logProb : logProbs) {
      sum += logProb;
    }
    Arrays.fill(dLogProbs, (float) (-1 / normalizer)); // loss = −Σ logProb / normalizer
    return -sum / normalizer;
  }
}
