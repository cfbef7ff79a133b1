package org.sparklora.model;

import java.io.Serializable;

/**
 * A completion that a policy is trained on, after its prompt, in tokens. Arrays are read-only and
 * not copied.
 *
 * @param advantage how much better its reward is than those of the prompt's other completions
 * @param drift mean over its tokens of its sampler's log-probability minus the old policy's; 0 if
 *     the old policy drew it
 * @param masked whether it counts as a completion but none of its tokens is trained on (TRL's
 *     {@code mask_truncated_completions})
 * @param ofTokens what is known of each of its tokens
 */
public record PolicyRow(
    int[] prompt, int[] completion, float advantage, float drift, boolean masked, OfTokens ofTokens)
    implements Serializable {

  /** Stands for numbers that are not needed. */
  public static final float[] NONE = {};

  /**
   * Numbers of each token of a completion.
   *
   * @param oldLogProbs log-probabilities under the policy that drew the completion; {@link #NONE}
   *     if that policy is the one trained
   * @param referenceLogProbs those under the reference policy; {@link #NONE} without one
   * @param weights factors of the policy's loss, which correct for a sampler that differs from the
   *     policy; {@link #NONE} for 1
   */
  public record OfTokens(float[] oldLogProbs, float[] referenceLogProbs, float[] weights)
      implements Serializable {}

  public PolicyRow {
    if (prompt.length == 0) {
      throw new IllegalArgumentException(
          "Cannot train on a completion without a prompt: its first token would have no predecessor");
    }
    checkLength("old log-probabilities", ofTokens.oldLogProbs, completion);
    checkLength("reference log-probabilities", ofTokens.referenceLogProbs, completion);
    checkLength("weights", ofTokens.weights, completion);
  }

  private static void checkLength(String name, float[] numbers, int[] completion) {
    if (numbers.length > 0 && numbers.length != completion.length) {
      throw new IllegalArgumentException(
          "Cannot use %s %s for a completion of %s tokens: there must be one for each"
              .formatted(numbers.length, name, completion.length));
    }
  }

  /** A completion of the policy that is trained, without a reference policy. */
  public static PolicyRow of(int[] prompt, int[] completion, float advantage, boolean masked) {
    return new PolicyRow(prompt, completion, advantage, 0, masked, new OfTokens(NONE, NONE, NONE));
  }

  public PolicyRow withOld(float[] logProbs) {
    return with(new OfTokens(logProbs, ofTokens.referenceLogProbs, ofTokens.weights));
  }

  public PolicyRow withReference(float[] logProbs) {
    return with(new OfTokens(ofTokens.oldLogProbs, logProbs, ofTokens.weights));
  }

  public PolicyRow withWeights(float[] weights) {
    return with(new OfTokens(ofTokens.oldLogProbs, ofTokens.referenceLogProbs, weights));
  }

  /** The same completion of a sampler that is not quite the old policy. */
  public PolicyRow withDrift(float mean) {
    return new PolicyRow(prompt, completion, advantage, mean, masked, ofTokens);
  }

  private PolicyRow with(OfTokens other) {
    return new PolicyRow(prompt, completion, advantage, drift, masked, other);
  }

  /** Tokens of prompt and completion. */
  public int length() {
    return prompt.length + completion.length;
  }

  int token(int n) {
    return n < prompt.length ? prompt[n] : completion[n - prompt.length];
  }

  /** Tokens that are trained on. */
  public int targetCount() {
    return masked ? 0 : completion.length;
  }

  /** Whether an advantage of 0 leaves the policy's part of the loss without a gradient. */
  public boolean isFlat() {
    return advantage == 0 && targetCount() > 0;
  }
}
