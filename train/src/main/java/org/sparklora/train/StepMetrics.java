package org.sparklora.train;

import java.io.Serializable;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.sparklora.model.StepResult;
import org.sparklora.model.loss.TokenLogProbs;

/**
 * The metrics of one optimizer step, of one worker or several together.
 *
 * @param step number of the step, from 0
 * @param nllSum Σ −log p of the target tokens, in nats; with {@code loss_type dft} Σ −p·log p
 * @param targetTokens tokens that count for the loss
 * @param paddedTokens tokens that Hugging Face would have computed on, padding included
 * @param entropySum Σ over micro-batches of the mean entropy of their target tokens
 * @param accuracySum Σ over micro-batches of the share of target tokens ranked first
 * @param routerLossSum Σ over micro-batches of the routers' auxiliary loss
 * @param routerWeight weight of this loss in {@link #loss}; 0 for none
 * @param gradNorm L2 norm of the gradient before clipping; the mean over workers with parameter
 *     averaging
 * @param sources of a mixture: the loss of each dataset that the step trains on
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
    double routerLossSum,
    double routerWeight,
    double gradNorm,
    Map<String, SourceLoss> sources)
    implements Serializable {

  /** The metrics of a step before its first micro-batch. */
  public static StepMetrics none(int step) {
    return new StepMetrics(step, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, Map.of());
  }

  /** The metrics of a micro-batch; without target tokens entropy and accuracy are 0, as in TRL. */
  static StepMetrics of(int step, StepResult result, MicroBatch batch, SupervisedLoss kind) {
    TokenLogProbs targets = result.logProbs();
    return new StepMetrics(
        step,
        kind.dynamic() ? targets.weightedNllSum() : targets.nllSum(),
        targets.count(),
        result.tokens(),
        batch.paddedTokens(),
        1,
        targets.entropyMean(),
        targets.accuracyMean(),
        result.routerLoss(),
        kind.routerWeight(),
        0,
        batch.losses(targets));
  }

  /** Loss as TRL logs it: Σ nll / target tokens of the step, and the routers' weighted loss. */
  public double loss() {
    return nllSum / Math.max(1, targetTokens) + routerWeight * routerLoss();
  }

  /** The mean over micro-batches. */
  private double routerLoss() {
    return routerLossSum / Math.max(1, microBatches);
  }

  /** The routers' loss under TRL's name; empty if it is not part of {@link #loss}. */
  Map<String, Double> ofRouters() {
    return routerWeight > 0 ? Map.of("aux_loss", routerLoss()) : Map.of();
  }

  public StepMetrics withGradNorm(double norm) {
    return with(step, tokens, paddedTokens, norm);
  }

  /** The sums of these metrics and another part's of the same step, gradient norms included. */
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
        routerLossSum + other.routerLossSum,
        Math.max(routerWeight, other.routerWeight),
        gradNorm + other.gradNorm,
        SourceLoss.sum(sources, other.sources));
  }

  /** Adds up parts in sorted order, so that the sum does not depend on the order of answers. */
  public static StepMetrics sum(Collection<StepMetrics> parts) {
    return parts.stream()
        .sorted(Comparator.comparingDouble(StepMetrics::nllSum).thenComparing(StepMetrics::tokens))
        .reduce(StepMetrics::plus)
        .orElseThrow();
  }

  /**
   * The metrics of the steps {@code [from, to)} of a round. A step whose workers were all left out
   * has the losses of the nearest other step, and no tokens.
   *
   * @param taken metrics of each worker's steps; zeros are returned if there are none
   */
  public static List<StepMetrics> ofRound(int from, int to, Collection<StepMetrics> taken) {
    Map<Integer, List<StepMetrics>> bySteps =
        taken.stream()
            .collect(Collectors.groupingBy(StepMetrics::step, TreeMap::new, Collectors.toList()));
    return IntStream.range(from, to)
        .mapToObj(
            step ->
                bySteps.keySet().stream()
                    .min(Comparator.comparingInt(other -> Math.abs(other - step)))
                    .map(nearest -> ofWorkers(bySteps.get(nearest), step))
                    .orElse(none(step)))
        .toList();
  }

  /** A step from its workers' metrics, or from those of another step; the mean gradient norm. */
  private static StepMetrics ofWorkers(Collection<StepMetrics> workers, int step) {
    StepMetrics sum = sum(workers);
    double norm = sum.gradNorm / workers.size();
    return step == sum.step ? sum.withGradNorm(norm) : sum.with(step, 0, 0, norm);
  }

  private StepMetrics with(int number, long read, long padded, double norm) {
    return new StepMetrics(
        number,
        nllSum,
        targetTokens,
        read,
        padded,
        microBatches,
        entropySum,
        accuracySum,
        routerLossSum,
        routerWeight,
        norm,
        sources);
  }
}
