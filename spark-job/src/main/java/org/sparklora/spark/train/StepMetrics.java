package org.sparklora.spark.train;

import java.io.Serializable;
import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;
import org.sparklora.model.StepResult;
import org.sparklora.model.loss.TokenLogProbs;

/**
 * What one optimizer step measured, on one worker or on several together.
 *
 * @param step number of the step, from 0
 * @param nllSum Σ −log p of the target tokens, in nats
 * @param targetTokens tokens that count for the loss
 * @param tokens all tokens
 * @param paddedTokens tokens that Hugging Face would have computed on, padding included
 * @param microBatches how many there were
 * @param entropySum Σ over micro-batches of the mean entropy of their target tokens
 * @param accuracySum Σ over micro-batches of the share of target tokens ranked first
 * @param gradNorm L2 norm of the gradient before clipping; the mean where workers step on their own
 */
public record StepMetrics(
    int step,
    double nllSum,
    long targetTokens,
    long tokens,
    long paddedTokens,
    int microBatches,
    double entropySum,
    double accuracySum,
    double gradNorm)
    implements Serializable {

  /** A step of which nothing has been measured yet. */
  public static StepMetrics none(int step) {
    return new StepMetrics(step, 0, 0, 0, 0, 0, 0, 0, 0);
  }

  /**
   * What one micro-batch measured; without target tokens its entropy and accuracy are 0, as TRL has
   * it.
   */
  static StepMetrics of(int step, StepResult result, long paddedTokens) {
    TokenLogProbs targets = result.logProbs();
    return new StepMetrics(
        step,
        targets.nllSum(),
        targets.count(),
        result.tokens(),
        paddedTokens,
        1,
        targets.entropyMean(),
        targets.accuracyMean(),
        0);
  }

  /** Loss as TRL logs it: Σ nll / target tokens of the whole step. */
  public double loss() {
    return nllSum / Math.max(1, targetTokens);
  }

  /** The same measurements with a gradient norm. */
  public StepMetrics withGradNorm(double norm) {
    return new StepMetrics(
        step,
        nllSum,
        targetTokens,
        tokens,
        paddedTokens,
        microBatches,
        entropySum,
        accuracySum,
        norm);
  }

  /** The measurements of several workers in one step; their gradient norms are added up. */
  public StepMetrics plus(StepMetrics other) {
    return new StepMetrics(
        step,
        nllSum + other.nllSum,
        targetTokens + other.targetTokens,
        tokens + other.tokens,
        paddedTokens + other.paddedTokens,
        microBatches + other.microBatches,
        entropySum + other.entropySum,
        accuracySum + other.accuracySum,
        gradNorm + other.gradNorm);
  }

  /** Adds up, in an order of its own, since it is chance which worker answers first. */
  public static Optional<StepMetrics> sum(Collection<StepMetrics> parts) {
    return parts.stream()
        .sorted(Comparator.comparingDouble(StepMetrics::nllSum).thenComparing(StepMetrics::tokens))
        .reduce(StepMetrics::plus);
  }

  /**
   * One step of several workers that each took a step of their own; the gradient norm is their
   * mean.
   */
  public static StepMetrics ofWorkers(Collection<StepMetrics> workers) {
    StepMetrics sum = sum(workers).orElseThrow();
    return sum.withGradNorm(sum.gradNorm / workers.size());
  }
}
