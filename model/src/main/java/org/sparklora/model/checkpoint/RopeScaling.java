package org.sparklora.model.checkpoint;

/** How rotary frequencies are stretched for contexts longer than those of pretraining. */
public sealed interface RopeScaling {

  /** {@code default}: frequencies as they are. */
  record None() implements RopeScaling {}

  /** {@code linear}: all frequencies divided by {@code factor}. */
  record Linear(double factor) implements RopeScaling {}

  /**
   * {@code llama3}: waves longer than {@code originalMaxPositionEmbeddings / lowFreqFactor} are
   * divided by {@code factor}, those shorter than {@code … / highFreqFactor} are kept, those
   * between are interpolated.
   */
  record Llama3(
      double factor, double lowFreqFactor, double highFreqFactor, int originalMaxPositionEmbeddings)
      implements RopeScaling {
    public Llama3 {
      if (!(factor > 0) || !(lowFreqFactor > 0) || !(highFreqFactor > lowFreqFactor)) {
        throw new IllegalArgumentException(
            "Cannot scale rotary frequencies with factor %s, low_freq_factor %s and high_freq_factor %s: all must be positive and the last the largest of the two bands"
                .formatted(factor, lowFreqFactor, highFreqFactor));
      }
    }
  }
}
