package org.sparklora.model.loss;

import java.util.Arrays;
import java.util.Optional;

/**
 * What a policy loss knows of a micro-batch besides the log-probabilities it is given. Target
 * tokens are numbered as they stand in the batch, those of one completion after the other.
 *
 * @param lengths target tokens of each completion, {@code (B)}; 0 for a completion that is not
 *     trained on but still counts as one
 * @param advantages of each completion, {@code (B)}
 * @param oldLogProbs of each target token under the policy that drew it, {@code (M)}; empty if that
 *     is the policy being trained, as it is now
 * @param referenceLogProbs under the reference policy, {@code (M)}
 * @param otherTokens tokens of completions that are not computed here, since nothing is learnt from
 *     them, but count where a loss is divided by a number of tokens
 *     <p>Arrays are read-only and not copied.
 */
public record PolicyTargets(
    int[] lengths,
    float[] advantages,
    Optional<float[]> oldLogProbs,
    Optional<float[]> referenceLogProbs,
    int otherTokens) {

  public PolicyTargets {
    int tokens = Arrays.stream(lengths).sum();
    requireLength("advantages", advantages.length, "completions", lengths.length);
    oldLogProbs.ifPresent(
        old -> requireLength("old log-probabilities", old.length, "target tokens", tokens));
    referenceLogProbs.ifPresent(
        reference ->
            requireLength(
                "reference log-probabilities", reference.length, "target tokens", tokens));
  }

  private static void requireLength(String name, int length, String of, int expected) {
    if (length != expected) {
      throw new IllegalArgumentException(
          "Cannot use %s %s for %s %s: there must be one for each"
              .formatted(length, name, expected, of));
    }
  }

  /** B. */
  public int completions() {
    return lengths.length;
  }

  /** Tokens of the micro-batch that a loss may be divided by: M and {@link #otherTokens}. */
  public int tokens() {
    return Arrays.stream(lengths).sum() + otherTokens;
  }
}
