package org.sparklora.model.loss;

import java.util.Arrays;
import java.util.Map;

/**
 * The policy loss of GRPO (Shao et al., 2024) and its relatives, as TRL computes it. With p, o and
 * r a token's log-probability under the policy, the old policy and the reference, A its
 * completion's advantage and w the weight that {@code loss_type} gives it:
 *
 * <pre>
 * ratio = e^(p − o), or e^mean(p − o) over the completion
 * loss  = Σ w · (−min(min(ratio, delta) · A, clip(ratio, 1 − ε, 1 + ε_high) · A) + beta · kl · ratio)
 * kl    = e^(r − p) − (r − p) − 1                                       (Schulman's estimator k3)
 * </pre>
 *
 * <p>The gradient is that of PyTorch, also where it is one-sided: a clipped ratio passes none.
 *
 * @param config the loss's settings
 * @param targets of one micro-batch
 * @param window the optimizer step it belongs to
 */
public record GrpoLoss(GrpoLossConfig config, PolicyTargets targets, AccumulationWindow window)
    implements TokenLoss {
  private static final float[] NONE = {};

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
   * A ratio of the sequence and a quantile of entropies need all tokens; else each stands alone.
   */
  @Override
  public Dependence gradientDependsOn() {
    boolean others = config.ratio().isOfSequence() || config.topEntropyQuantile() < 1;
    return others ? Dependence.ALL_TARGETS : Dependence.OWN_TARGET;
  }

  @Override
  public double lossAndGradient(int first, float[] logProbs, float[] entropies, float[] dLogProbs) {
    Chunk chunk = chunk(first, logProbs, entropies);
    double loss = 0;
    int start = 0;
    for (int c = 0; c < targets.completions(); c++) {
      int end = start + targets.lengths()[c];
      int from = Math.max(start, first);
      int to = Math.min(end, first + logProbs.length);
      if (from < to) {
        loss += completion(c, from, to, chunk, dLogProbs);
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
   * The q-th quantile with linear interpolation; NaN without values. A token whose entropy is
   * exactly a quantile must stay on the same side as in PyTorch, hence its roundings: q is a
   * float32, whose error a rank in float64 keeps, so that of 26 values 0.8 lies a little above the
   * 21st; the weight is a float32 again.
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
   * Some consecutive targets, and what the policy says of them.
   *
   * @param old of all targets; empty if that is the policy itself
   * @param reference likewise
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

    /** Of the tokens {@code [from, to)}, a whole completion. */
    double sequenceRatio(int from, int to) {
      double sum = 0;
      for (int m = from; m < to; m++) {
        sum += logProb(m) - oldLogProb(m);
      }
      return Math.exp(sum / Math.max(1, to - from));
    }
  }

  /** The share of the tokens {@code [from, to)} of completion c. */
  private double completion(int c, int from, int to, Chunk chunk, float[] dLogProbs) {
    boolean sequence = config.ratio().isOfSequence();
    double sequenceRatio = sequence ? chunk.sequenceRatio(from, to) : 0;
    double weight = weight(c);
    double loss = 0;
    double dSequence = 0; // by the logarithm of the sequence's ratio
    for (int m = from; m < to; m++) {
      double ratio = sequence ? sequenceRatio : chunk.ratio(m);
      Term policy =
          chunk.isActive(m)
              ? policy(ratio, targets.advantages()[c], chunk.logProb(m))
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

  /** The weight of each token of completion c in the loss of the optimizer step. */
  private double weight(int c) {
    double length = Math.max(1, targets.lengths()[c]);
    double completions = targets.completions();
    double divisor =
        switch (config.reduction().lossType()) {
          case GRPO, SAPO -> length * completions;
          case BNPO -> Math.max(1, targets.tokens());
          case DR_GRPO -> completions * config.reduction().maxCompletionLength();
          case LUSPO -> completions;
          case DAPO, CISPO -> window.activeTokens() / window.microBatches();
        };
    return 1 / (divisor * window.microBatches()); // the step is the mean of its micro-batches
  }

  /**
   * A token's term and its derivatives.
   *
   * @param dRatio by the probability ratio
   * @param dLogProb by the log-probability where it stands by itself
   */
  private record Term(double value, double dRatio, double dLogProb) {
    static final Term NOTHING = new Term(0, 0, 0);

    Term plus(Term other) {
      return new Term(value + other.value, dRatio + other.dRatio, dLogProb + other.dLogProb);
    }
  }

  private Term policy(double ratio, double advantage, double logProb) {
    return switch (config.reduction().lossType()) {
      case CISPO -> {
        double weight = -Math.min(ratio, config.ratio().epsilonHigh()) * advantage; // a constant
        yield new Term(weight * logProb, 0, weight);
      }
      case SAPO -> {
        double t = advantage > 0 ? config.sapo().positive() : config.sapo().negative();
        double sigmoid = 1 / (1 + Math.exp(-t * (ratio - 1)));
        yield new Term(-advantage * sigmoid * 4 / t, -advantage * 4 * sigmoid * (1 - sigmoid), 0);
      }
      default -> clipped(ratio, advantage);
    };
  }

  private Term clipped(double ratio, double advantage) {
    double bounded = Math.min(ratio, config.ratio().delta());
    double low = 1 - config.ratio().epsilon();
    double high = 1 + config.ratio().epsilonHigh();
    double clipped = Math.max(low, Math.min(high, ratio));
    double dBounded = ratio <= config.ratio().delta() ? advantage : 0; // a clamp passes no gradient
    double dClipped = ratio >= low && ratio <= high ? advantage : 0;
    double first = bounded * advantage;
    double second = clipped * advantage;
    double dRatio =
        first < second ? dBounded : second < first ? dClipped : (dBounded + dClipped) / 2;
    return new Term(-Math.min(first, second), -dRatio, 0);
  }

  /** {@code beta · kl}, times the ratio if it is corrected for the sampling policy. */
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

  /**
   * What TRL logs of a micro-batch, under TRL's names.
   *
   * @param logProbs of all target tokens, {@code (M)}
   * @param entropies of the predicted distributions, {@code (M)}
   */
  public Map<String, Double> metrics(float[] logProbs, float[] entropies) {
    Chunk chunk = chunk(0, logProbs, entropies);
    boolean sequence = config.ratio().isOfSequence();
    GrpoMetrics metrics = new GrpoMetrics(config);
    int start = 0;
    for (int c = 0; c < targets.completions(); c++) {
      int end = start + targets.lengths()[c];
      double[] ratios = new double[sequence ? 1 : end - start];
      for (int i = 0; i < ratios.length; i++) {
        ratios[i] = sequence ? chunk.sequenceRatio(start, end) : chunk.ratio(start + i);
      }
      for (int m = start; m < end; m++) {
        double ratio = ratios[sequence ? 0 : m - start];
        double factor = config.divergence().biasCorrection() ? ratio : 1;
        metrics.addToken(entropies[m], config.divergence().beta() == 0 ? 0 : kl(m, chunk) * factor);
      }
      metrics.addRatios(ratios, targets.advantages()[c]);
      start = end;
    }
    return metrics.named();
  }
}
