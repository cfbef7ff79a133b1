package org.sparklora.model.checkpoint;

/** How rotary frequencies are stretched for contexts longer than those of pretraining. */
public sealed interface RopeScaling {

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
   * @param attentionFactor multiplies q and k
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
}
