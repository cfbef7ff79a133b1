package org.sparklora.model.generate;

import java.util.Arrays;

/**
 * Top-k, top-p and min-p on one row of logits. All three keep the likeliest tokens, so together
 * they are one number: the smallest logit that can still be drawn. Tokens of equal logits are kept
 * or dropped together.
 */
final class LogitsFloor {
  /**
   * How far below the largest logit, in units of temperature, the first search for k tokens goes.
   */
  private static final float FIRST_DEPTH = 8;

  private LogitsFloor() {}

  /** The smallest logit that can be drawn; −∞ for all tokens. */
  static float of(float[] logits, SamplingConfig config) {
    float floor = Float.NEGATIVE_INFINITY;
    if (config.isGreedy()) {
      return floor;
    }
    if (config.topK() > 0 && config.topK() < logits.length) {
      floor = topK(logits, config);
    }
    if (config.topP() < 1) {
      floor = Math.max(floor, topP(logits, config, floor));
    }
    if (config.minP() > 0) {
      floor = Math.max(floor, minP(logits, config));
    }
    return floor;
  }

  /** The k-th largest logit. */
  private static float topK(float[] logits, SamplingConfig config) {
    float[] candidates = {};
    for (float depth = FIRST_DEPTH; candidates.length < config.topK(); depth *= 2) {
      candidates = sortedFrom(logits, largest(logits) - depth * config.temperature());
    }
    return candidates[candidates.length - config.topK()];
  }

  /**
   * The logit of the last token, from the likeliest down, before which the probabilities sum to
   * less than top-p. Only tokens from {@code floor} on count.
   */
  private static float topP(float[] logits, SamplingConfig config, float floor) {
    float top = largest(logits);
    double total = 0;
    for (float logit : logits) {
      total += logit >= floor ? weight(logit, top, config) : 0;
    }
    for (float depth = FIRST_DEPTH; ; depth *= 2) {
      float from = Math.max(floor, top - depth * config.temperature());
      float[] candidates = sortedFrom(logits, from);
      double before = 0;
      for (int i = candidates.length - 1; i >= 0; i--) {
        double next = before + weight(candidates[i], top, config);
        // the sum passes top-p here, or rounding kept it from doing so at the very last token
        if (next >= config.topP() * total || candidates.length == logits.length && i == 0) {
          return candidates[i];
        }
        before = next;
      }
      if (from == floor) {
        return floor;
      }
    }
  }

  private static float minP(float[] logits, SamplingConfig config) {
    return largest(logits) + config.temperature() * (float) Math.log(config.minP());
  }

  private static double weight(float logit, float top, SamplingConfig config) {
    return Math.exp((double) (logit - top) / config.temperature());
  }

  private static float largest(float[] logits) {
    float largest = Float.NEGATIVE_INFINITY;
    for (float logit : logits) {
      largest = Math.max(largest, logit);
    }
    return largest;
  }

  /** The logits that are at least {@code from}, ascending. */
  private static float[] sortedFrom(float[] logits, float from) {
    float[] found = new float[logits.length];
    int count = 0;
    for (float logit : logits) {
      if (logit >= from) {
        found[count++] = logit;
      }
    }
    Arrays.sort(found, 0, count);
    return Arrays.copyOf(found, count);
  }
}
