package org.sparklora.model;

import java.io.Serializable;

/**
 * A completion that a policy is trained on. Arrays are read-only and not copied.
 *
 * @param prompt tokens of the prompt
 * @param completion tokens of the completion
 * @param advantage how much better its reward is than those of the prompt's other completions
 * @param masked whether it counts as a completion but none of its tokens is trained on (TRL's
 *     {@code mask_truncated_completions})
 * @param oldLogProbs log-probabilities of its tokens under the policy that drew it; {@link #NONE}
 *     if that policy is the one trained
 * @param referenceLogProbs those under the reference policy; {@link #NONE} without one
 */
public record PolicyRow(
    int[] prompt,
    int[] completion,
    float advantage,
    boolean masked,
    float[] oldLogProbs,
    float[] referenceLogProbs)
    implements Serializable {

  /** Stands for log-probabilities that are not needed. */
  public static final float[] NONE = {};

  public PolicyRow {
    if (prompt.length == 0) {
      throw new IllegalArgumentException(
          "Cannot train on a completion without a prompt: its first token would have no predecessor");
    }
    checkLength("old", oldLogProbs, completion);
    checkLength("reference", referenceLogProbs, completion);
  }

  private static void checkLength(String name, float[] logProbs, int[] completion) {
    if (logProbs.length > 0 && logProbs.length != completion.length) {
      throw new IllegalArgumentException(
          "Cannot use %s %s log-probabilities for a completion of %s tokens: there must be one for each"
              .formatted(logProbs.length, name, completion.length));
    }
  }

  /** A completion of the policy that is trained, without a reference policy. */
  public static PolicyRow of(int[] prompt, int[] completion, float advantage, boolean masked) {
    return new PolicyRow(prompt, completion, advantage, masked, NONE, NONE);
  }

  /** The same completion with log-probabilities under the policy that drew it. */
  public PolicyRow withOld(float[] logProbs) {
    return new PolicyRow(prompt, completion, advantage, masked, logProbs, referenceLogProbs);
  }

  /** The same completion with log-probabilities under the reference policy. */
  public PolicyRow withReference(float[] logProbs) {
    return new PolicyRow(prompt, completion, advantage, masked, oldLogProbs, logProbs);
  }

  /** Tokens of prompt and completion. */
  public int length() {
    return prompt.length + completion.length;
  }

  /** The n-th token of prompt and completion. */
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
