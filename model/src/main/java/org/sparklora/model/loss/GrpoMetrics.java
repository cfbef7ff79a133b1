package org.sparklora.model.loss;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The metrics that TRL logs of a policy loss, summed over the tokens and completions of a
 * micro-batch. Shares are of tokens, or of completions if each completion has one ratio.
 */
final class GrpoMetrics {
  private final GrpoLossConfig config;
  private long tokens = 0;
  private double entropySum = 0;
  private double klSum = 0;
  private long low = 0;
  private long high = 0;
  private long cispo = 0;
  private double phiSum = 0;
  private long completions = 0;
  private long ratioCount = 0;
  private double lowMin = Double.NaN;
  private double highMax = Double.NaN;

  GrpoMetrics(GrpoLossConfig config) {
    this.config = config;
  }

  void addToken(double entropy, double kl) {
    tokens++;
    entropySum += entropy;
    klSum += kl;
  }

  /** Adds a completion: its ratios, one for each token or one for all, and VESPO's weight. */
  void addCompletion(double[] ratios, double advantage, double phi) {
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
    phiSum += phi;
    completions++;
  }

  /** The metrics of this loss, under TRL's names, in a fixed order. */
  Map<String, Double> named() {
    Map<String, Double> named = new LinkedHashMap<>();
    if (config.divergence().beta() > 0) {
      named.put("kl", klSum / Math.max(1, tokens));
    }
    named.put("entropy", entropySum / Math.max(1, tokens)); // in nats
    if (config.isClipped()) {
      named.put("clip_ratio/low_mean", share(low)); // ratio under 1 − ε, advantage negative
      named.put("clip_ratio/low_min", lowMin); // of all completions; NaN if none has tokens
      named.put("clip_ratio/high_mean", share(high)); // ratio over 1 + ε_high, advantage positive
      named.put("clip_ratio/high_max", highMax);
      named.put("clip_ratio/region_mean", share(low) + share(high)); // low and high are disjoint
    }
    if (config.reduction().lossType() == GrpoLossConfig.LossType.CISPO) {
      named.put("cispo_clip_ratio", share(cispo));
    }
    if (config.reduction().lossType() == GrpoLossConfig.LossType.VESPO) {
      named.put("vespo/phi_seq_mean", phiSum / Math.max(1, completions));
    }
    return named;
  }

  private double share(long count) {
    return (double) count / Math.max(1, ratioCount);
  }
}
