package org.sparklora.model.loss;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * What TRL logs of a policy loss, for one micro-batch. Shares are of tokens, or of completions
 * where these have one ratio.
 *
 * @param entropy mean of the tokens' entropies, in nats
 * @param kl mean of the divergence from the reference policy, if there is one
 * @param clipping shares of clipped ratios, for a loss that clips
 * @param cispoMean share of {@code CISPO}'s bounded weights, for that loss
 */
public record GrpoMetrics(
    double entropy, OptionalDouble kl, Optional<Clipping> clipping, OptionalDouble cispoMean) {

  /**
   * @param lowMean share clipped from below: ratio under 1 − ε, advantage negative
   * @param lowMin smallest such share of a completion; NaN if none has tokens
   * @param highMean share clipped from above: ratio over 1 + ε_high, advantage positive
   * @param highMax largest such share of a completion; NaN if none has tokens
   */
  public record Clipping(double lowMean, double lowMin, double highMean, double highMax) {

    /** Share clipped from either side. */
    double regionMean() {
      return lowMean + highMean; // no advantage is both negative and positive
    }
  }

  /** Under TRL's names, in a fixed order; only what this loss has. */
  public Map<String, Double> named() {
    Map<String, Double> named = new LinkedHashMap<>();
    kl.ifPresent(value -> named.put("kl", value));
    named.put("entropy", entropy);
    clipping.ifPresent(
        shares -> {
          named.put("clip_ratio/low_mean", shares.lowMean);
          named.put("clip_ratio/low_min", shares.lowMin);
          named.put("clip_ratio/high_mean", shares.highMean);
          named.put("clip_ratio/high_max", shares.highMax);
          named.put("clip_ratio/region_mean", shares.regionMean());
        });
    cispoMean.ifPresent(value -> named.put("cispo_clip_ratio", value));
    return named;
  }

  /** Sums over the tokens and completions of a micro-batch. */
  static final class Collector {
    private final GrpoLossConfig config;
    private final int tokens;
    private double entropySum = 0;
    private double klSum = 0;
    private long low = 0;
    private long high = 0;
    private long cispo = 0;
    private long ratioCount = 0;
    private double lowMin = Double.NaN;
    private double highMax = Double.NaN;

    Collector(GrpoLossConfig config, int tokens) {
      this.config = config;
      this.tokens = tokens;
    }

    void addToken(double entropy, double kl) {
      entropySum += entropy;
      klSum += kl;
    }

    /** The ratios of a completion: one for each token, or one for all. */
    void addRatios(double[] ratios, double advantage) {
      int lowHere = 0;
      int highHere = 0;
      for (double unbounded : ratios) {
        double ratio = Math.min(unbounded, config.ratio().delta());
        lowHere += ratio < 1 - config.ratio().epsilon() && advantage < 0 ? 1 : 0;
        highHere += ratio > 1 + config.ratio().epsilonHigh() && advantage > 0 ? 1 : 0;
        cispo += unbounded > config.ratio().epsilonHigh() && advantage > 0 ? 1 : 0;
      }
      low += lowHere;
      high += highHere;
      ratioCount += ratios.length;
      if (ratios.length > 0) {
        double lowShare = (double) lowHere / ratios.length;
        double highShare = (double) highHere / ratios.length;
        lowMin = Double.isNaN(lowMin) ? lowShare : Math.min(lowMin, lowShare);
        highMax = Double.isNaN(highMax) ? highShare : Math.max(highMax, highShare);
      }
    }

    GrpoMetrics metrics() {
      return new GrpoMetrics(
          entropySum / Math.max(1, tokens),
          config.divergence().beta() == 0
              ? OptionalDouble.empty()
              : OptionalDouble.of(klSum / Math.max(1, tokens)),
          config.isClipped()
              ? Optional.of(new Clipping(share(low), lowMin, share(high), highMax))
              : Optional.empty(),
          config.reduction().lossType() == GrpoLossConfig.LossType.CISPO
              ? OptionalDouble.of(share(cispo))
              : OptionalDouble.empty());
    }

    private double share(long count) {
      return (double) count / Math.max(1, ratioCount);
    }
  }
}
