package org.sparklora.model.loss;

import java.util.Arrays;
import java.util.Map;
import org.sparklora.model.loss.PolicyTargets.Completion;

/**
 * The policy loss of GRPO (Shao et al., 2024) and its variants, as TRL computes it. With p, o and r
 * a token's log-probability under the policy, the old policy and the reference, A its completion's
 * advantage, w the token's weight by {@code loss_type}, and s its factor for a sampler that is not
 * quite the old policy (1 without {@link PolicyTargets#weights}):
 *
 * <pre>
 * ratio = e^(p − o), or e^mean(p − o) over the completion
 * loss  = Σ w · (−min(min(ratio, delta) · A, clip(ratio, 1 − ε, 1 + ε_high) · A) · s + beta · kl)
 * kl    = e^(r − p) − (r − p) − 1, times ratio with bias correction     (Schulman's estimator k3)
 * </pre>
 *
 * <p>The gradient equals PyTorch's, also at kinks of the loss: a clipped ratio passes none.
 *
 * @param targets of one micro-batch, which belongs to the optimizer step of {@code window}
 * @param routerWeight weight of the auxiliary loss of a mixture's routers, in the micro-batch
 */
public record GrpoLoss(
    GrpoLossConfig config, PolicyTargets targets, AccumulationWindow window, double routerWeight)
    implements TokenLoss {
  private static final float[] NONE = {};

  /** TRL's bounds of logarithms of VESPO's ratios, and of its λ. */
  private static final double MOST_LOG = 20;

  private static final double LEAST_LOG = Math.log(1e-8);
  private static final double LEAST_LAMBDA = 1e-4;

  public GrpoLoss {
    if (config.divergence().beta() > 0 && targets.referenceLogProbs().isEmpty()) {
      throw new IllegalArgumentException(
          "Cannot use beta = %s without the reference policy's log-probabilities: compute them, or set beta to 0"
              .formatted(config.divergence().beta()));
    }
  }

  @Override
  public float temperature() {
    return config.temperature();
  }

  /**
   * With a quantile of entropies, or a ratio, mask or weight of whole completions, gradients depend
   * on all targets; else each depends on its own target.
   */
  @Override
  public Dependence gradientDependsOn() {
    boolean others =
        config.ratio().isOfSequence()
            || config.ratio().masksOffPolicy()
            || isVespo()
            || config.topEntropyQuantile() < 1;
    return others ? Dependence.ALL_TARGETS : Dependence.OWN_TARGET;
  }

  @Override
  public double lossAndGradient(int first, float[] logProbs, float[] entropies, float[] dLogProbs) {
    Chunk chunk = chunk(first, logProbs, entropies);
    double loss = 0;
    int start = 0;
    for (Completion completion : targets.completions()) {
      int end = start + completion.length();
      int from = Math.max(start, first);
      int to = Math.min(end, first + logProbs.length);
      if (from < to) {
        loss += loss(completion, from, to, chunk, dLogProbs);
      }
      start = end;
    }
    return loss;
  }

  private Chunk chunk(int first, float[] logProbs, float[] entropies) {
    float threshold =
        config.topEntropyQuantile() < 1
            ? quantile(entropies, (float) (1 - config.topEntropyQuantile()))
            : Float.NEGATIVE_INFINITY;
    float[] old = targets.oldLogProbs().orElse(NONE);
    float[] reference = targets.referenceLogProbs().orElse(NONE);
    return new Chunk(first, logProbs, entropies, threshold, old, reference);
  }

  /**
   * The q-th quantile with linear interpolation; NaN without values. Rounds as PyTorch does, so
   * that a token whose entropy equals a quantile falls on the same side: q is a float32 and its
   * rank a float64, which keeps the rounding error of q, so that of 26 values the quantile 0.8 lies
   * a little above the 21st; the weight is a float32.
   */
  static float quantile(float[] values, float q) {
    if (values.length == 0) {
      return Float.NaN;
    }
    float[] sorted = values.clone();
    Arrays.sort(sorted);
    double rank = (double) q * (sorted.length - 1);
    int lower = (int) Math.floor(rank);
    int upper = (int) Math.ceil(rank);
    float weight = (float) (rank - lower);
    float span = sorted[upper] - sorted[lower];
    return weight < 0.5f
        ? Math.fma(weight, span, sorted[lower])
        : Math.fma(-span, 1 - weight, sorted[upper]);
  }

  /**
   * Consecutive targets, and the policy's scores of them.
   *
   * @param old the old policy's log-probabilities of all targets; empty if it is the policy itself
   * @param reference the reference's log-probabilities of all targets; empty without a reference
   */
  private record Chunk(
      int first,
      float[] logProbs,
      float[] entropies,
      float entropyThreshold,
      float[] old,
      float[] reference) {

    double logProb(int m) {
      return logProbs[m - first];
    }

    double oldLogProb(int m) {
      return old.length == 0 ? logProb(m) : old[m];
    }

    /** Whether the policy is trained on the token. */
    boolean isActive(int m) {
      return entropies[m - first] >= entropyThreshold;
    }

    double ratio(int m) {
      return Math.exp(logProb(m) - oldLogProb(m));
    }

    /** The logarithm of the ratio of a whole completion, the tokens {@code [from, to)}. */
    double meanLogRatio(int from, int to) {
      double sum = 0;
      for (int m = from; m < to; m++) {
        sum += logProb(m) - oldLogProb(m);
      }
      return sum / Math.max(1, to - from);
    }
  }

  /** The loss of the tokens {@code [from, to)} of a completion; writes their derivatives. */
  private double loss(Completion completion, int from, int to, Chunk chunk, float[] dLogProbs) {
    boolean sequence = config.ratio().isOfSequence();
    double sequenceRatio = sequence ? Math.exp(chunk.meanLogRatio(from, to)) : 0;
    double weight = weight(completion);
    boolean isDropped = isDropped(completion, from, to, chunk);
    double phi = phi(completion, from, to, chunk);
    double loss = 0;
    double dSequence = 0; // derivative by the logarithm of the sequence's ratio
    for (int m = from; m < to; m++) {
      double ratio = sequence ? sequenceRatio : chunk.ratio(m);
      Term policy =
          chunk.isActive(m) && !isDropped
              ? policy(ratio, completion.advantage(), chunk.logProb(m), phi).times(factor(m))
              : Term.NOTHING;
      Term term =
          config.divergence().beta() == 0 ? policy : policy.plus(divergence(m, ratio, chunk));
      loss += weight * term.value;
      double dLogRatio = weight * term.dRatio * ratio; // forward: ratio = e^(logarithm)
      dLogProbs[m - chunk.first] = (float) (weight * term.dLogProb + (sequence ? 0 : dLogRatio));
      dSequence += dLogRatio;
    }
    if (sequence) {
      for (int m = from; m < to; m++) {
        // forward: logarithm = Σ (p − o) / length
        dLogProbs[m - chunk.first] += (float) (dSequence / (to - from));
      }
    }
    return loss;
  }

  private double factor(int m) {
    return targets.weights().isEmpty() || isVespo() ? 1 : targets.weights().get()[m];
  }

  private boolean isVespo() {
    return config.reduction().lossType() == GrpoLossConfig.LossType.VESPO;
  }

  /** Whether a completion of negative advantage is too far from the policy to be trained on. */
  private boolean isDropped(Completion completion, int from, int to, Chunk chunk) {
    return config.ratio().masksOffPolicy()
        && completion.advantage() < 0
        && completion.drift() - chunk.meanLogRatio(from, to)
            > config.ratio().offPolicyMaskThreshold();
  }

  /** VESPO's weight of a completion, a constant; 0 for other losses. */
  private double phi(Completion completion, int from, int to, Chunk chunk) {
    if (!isVespo()) {
      return 0;
    }
    double logW = 0;
    for (int m = from; m < to; m++) {
      logW += clamp(chunk.logProb(m) - chunk.oldLogProb(m), -MOST_LOG);
      logW +=
          targets.weights().isEmpty() ? 0 : clamp(Math.log(targets.weights().get()[m]), LEAST_LOG);
    }
    logW = clamp(logW, LEAST_LOG);
    GrpoLossConfig.Vespo vespo = config.soft().vespo();
    boolean isNegative = completion.advantage() < 0;
    double k = isNegative ? vespo.kNegative() : vespo.kPositive();
    double lambda =
        Math.max(LEAST_LAMBDA, isNegative ? vespo.lambdaNegative() : vespo.lambdaPositive());
    double phi = Math.exp(lambda + k * logW - lambda * Math.exp(logW));
    return Double.isFinite(phi) ? phi : 0;
  }

  private static double clamp(double log, double least) {
    return Math.max(least, Math.min(MOST_LOG, log));
  }

  /** The weight of each token of a completion in the loss of the optimizer step. */
  private double weight(Completion completion) {
    double length = Math.max(1, completion.length());
    double completions = targets.completions().size();
    double divisor =
        switch (config.reduction().lossType()) {
          case GRPO, SAPO -> length * completions;
          case BNPO -> Math.max(1, targets.tokens());
          case DR_GRPO -> completions * config.reduction().maxCompletionLength();
          case LUSPO -> completions;
          case DAPO, CISPO, VESPO -> window.activeTokens() / window.microBatches();
        };
    return 1 / (divisor * window.microBatches()); // the step is the mean of its micro-batches
  }

  /** A term of the loss; derivatives by the ratio, and by the log-probability outside the ratio. */
  private record Term(double value, double dRatio, double dLogProb) {
    static final Term NOTHING = new Term(0, 0, 0);

    Term times(double factor) {
      return factor == 1 ? this : new Term(value * factor, dRatio * factor, dLogProb * factor);
    }

    Term plus(Term other) {
      return new Term(value + other.value, dRatio + other.dRatio, dLogProb + other.dLogProb);
    }
  }

  private Term policy(double ratio, double advantage, double logProb, double phi) {
    return switch (config.reduction().lossType()) {
      case CISPO -> {
        double weight = -Math.min(ratio, config.ratio().epsilonHigh()) * advantage; // a constant
        yield new Term(weight * logProb, 0, weight);
      }
      case SAPO -> {
        GrpoLossConfig.Sapo sapo = config.soft().sapo();
        double t = advantage > 0 ? sapo.positive() : sapo.negative();
        double sigmoid = 1 / (1 + Math.exp(-t * (ratio - 1)));
        yield new Term(-advantage * sigmoid * 4 / t, -advantage * 4 * sigmoid * (1 - sigmoid), 0);
      }
      case VESPO -> new Term(-phi * advantage * logProb, 0, -phi * advantage);
      default -> clipped(ratio, advantage);
    };
  }

  private Term clipped(double ratio, double advantage) {
    double bounded = Math.min(ratio, config.ratio().delta());
    double low = 1 - config.ratio().epsilon();
    double high = 1 + config.ratio().epsilonHigh();
    double clipped = Math.max(low, Math.min(high, ratio));
    double dBounded = ratio < config.ratio().delta() ? advantage : 0; // clamped: no gradient
    double dClipped = ratio > low && ratio < high ? advantage : 0;
    double first = bounded * advantage;
    double second = clipped * advantage;
    double dRatio =
        first < second ? dBounded : second < first ? dClipped : (dBounded + dClipped) / 2;
    return new Term(-Math.min(first, second), -dRatio, 0);
  }

  /** {@code beta · kl}, times the ratio if the config asks for bias correction. */
  private Term divergence(int m, double ratio, Chunk chunk) {
    double factor = config.divergence().biasCorrection() ? ratio : 1;
    double value = kl(m, chunk);
    double dValue = 1 - Math.exp(chunk.reference[m] - chunk.logProb(m));
    return new Term(
        config.divergence().beta() * value * factor,
        config.divergence().biasCorrection() ? config.divergence().beta() * value : 0,
        config.divergence().beta() * dValue * factor);
  }

  private double kl(int m, Chunk chunk) {
    double difference = chunk.reference[m] - chunk.logProb(m);
    return Math.exp(difference) - difference - 1;
  }

  /** TRL's metrics of a micro-batch, from its M targets' log-probabilities and entropies. */
  public Map<String, Double> metrics(float[] logProbs, float[] entropies) {
    Chunk chunk = chunk(0, logProbs, entropies);
    boolean sequence = config.ratio().isOfSequence();
    GrpoMetrics metrics = new GrpoMetrics(config);
    int start = 0;
    for (Completion completion : targets.completions()) {
      int end = start + completion.length();
      double[] ratios = new double[sequence ? 1 : end - start];
      for (int i = 0; i < ratios.length; i++) {
        ratios[i] = sequence ? Math.exp(chunk.meanLogRatio(start, end)) : chunk.ratio(start + i);
      }
      for (int m = start; m < end; m++) {
        double ratio = ratios[sequence ? 0 : m - start];
        double factor = config.divergence().biasCorrection() ? ratio : 1;
        metrics.addToken(entropies[m], config.divergence().beta() == 0 ? 0 : kl(m, chunk) * factor);
      }
      metrics.addCompletion(ratios, completion.advantage(), phi(completion, start, end, chunk));
      start = end;
    }
    return metrics.named();
  }
}
