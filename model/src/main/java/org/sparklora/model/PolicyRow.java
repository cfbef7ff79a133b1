package org.sparklora.model;

import java.io.Serializable;

/**
 * A completion that a policy is trained on. Arrays are read-only and not copied.
 *
 * @param prompt its prompt's tokens
 * @param completion its own
 * @param advantage how much better its reward was than that of its siblings
 * @param masked whether it only counts as a completion, without a token that is trained on (TRL's
 *     {@code mask_truncated_completions})
 * @param oldLogProbs of its tokens under the policy that drew it; {@link #NONE} if that is the one
 *     trained
 * @param referenceLogProbs of its tokens under the reference policy; {@link #NONE} without one
 */
public record PolicyRow(
    int[] prompt,
    int[] completion,
    float advantage,
    boolean masked,
    float[] oldLogProbs,
    float[] referenceLogProbs)
    implements Serializable {

  /** In place of log-probabilities that nobody needs. */
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
