package org.sparklora.model.checkpoint;

import java.util.List;

/** How rotary frequencies are stretched for contexts longer than those of pretraining. */
public sealed interface RopeScaling {

  /** Tokens of the longest text with the frequencies of short texts. */
  default int longestShortText() {
    return Integer.MAX_VALUE;
  }

  /** The factor that multiplies q and k. */
  default double attentionFactor() {
    return 1;
  }

  /** {@code default}: frequencies as they are. */
  record None() implements RopeScaling {}

  /** {@code linear}: all frequencies divided by {@code factor}. */
  record Linear(double factor) implements RopeScaling {}

  /**
   * {@code llama3}: frequencies of waves longer than {@code originalMaxPositionEmbeddings /
   * lowFreqFactor} are divided by {@code factor}, those of waves shorter than {@code … /
   * highFreqFactor} are kept, those between are interpolated.
   */
  record Llama3(
      double factor, double lowFreqFactor, double highFreqFactor, int originalMaxPositionEmbeddings)
      implements RopeScaling {}

  /**
   * {@code yarn} (Peng et al., 2023): frequencies that turn less than {@code betaSlow} times in
   * {@code originalMaxPositionEmbeddings} positions are divided by {@code factor}, those that turn
   * more than {@code betaFast} times are kept, those between are interpolated.
   *
   * @param truncate whether the interpolation begins and ends at whole pairs
   */
  record Yarn(
      double factor,
      double betaFast,
      double betaSlow,
      double attentionFactor,
      int originalMaxPositionEmbeddings,
      boolean truncate)
      implements RopeScaling {

    /** The usual {@code attentionFactor} of a factor, {@code 0.1·m·ln(factor) + 1}. */
    static double magnitude(double factor, double m) {
      return factor <= 1 ? 1 : 0.1 * m * Math.log(factor) + 1;
    }
  }

  /**
   * {@code longrope} (Ding et al., 2024): each pair's frequency is divided by a factor of its own.
   *
   * @param shortFactors for texts of at most {@code longestShortText} tokens
   * @param longFactors for longer texts
   */
  record LongRope(
      List<Float> shortFactors,
      List<Float> longFactors,
      double attentionFactor,
      int longestShortText)
      implements RopeScaling {}

  /**
   * {@code dynamic}: frequencies as they are in texts of at most {@code longestShortText} tokens.
   * Each longer text has others, which are not supported.
   */
  record Dynamic(int longestShortText) implements RopeScaling {}
}
