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
}
