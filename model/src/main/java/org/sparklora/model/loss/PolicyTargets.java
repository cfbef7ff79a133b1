package org.sparklora.model.loss;

import java.util.Arrays;
import java.util.Optional;

/**
 * The data of a micro-batch that a policy loss needs besides the policy's log-probabilities. Target
 * tokens are numbered in the order of the batch, one completion after the other.
 *
 * @param lengths target tokens of each completion, {@code (B)}; 0 for a completion that is not
 *     trained on but counts as one
 * @param advantages advantage of each completion, {@code (B)}
 * @param oldLogProbs log-probability of each target token under the policy that drew it, {@code
 *     (M)}; empty if that is the current policy
 * @param referenceLogProbs those under the reference policy, {@code (M)}
 * @param weights factor of each target token in the policy's loss, {@code (M)}; empty for 1
 * @param otherTokens tokens of completions that are not computed, since they have no gradient, but
 *     count where a loss is divided by a number of tokens
 *     <p>Arrays are read-only and not copied.
 */
public record PolicyTargets(
    int[] lengths,
    float[] advantages,
    Optional<float[]> oldLogProbs,
    Optional<float[]> referenceLogProbs,
    Optional<float[]> weights,
    int otherTokens) {

  public PolicyTargets {
    int tokens = Arrays.stream(lengths).sum();
    requireOneEach("advantages", Optional.of(advantages), lengths.length, "completions");
    requireOneEach("old log-probabilities", oldLogProbs, tokens, "target tokens");
    requireOneEach("reference log-probabilities", referenceLogProbs, tokens, "target tokens");
    requireOneEach("weights", weights, tokens, "target tokens");
  }

  private static void requireOneEach(String name, Optional<float[]> values, int count, String of) {
    if (values.isPresent() && values.get().length != count) {
      throw new IllegalArgumentException(
          "Cannot use %s %s for %s %s: there must be one for each"
              .formatted(values.get().length, name, count, of));
    }
  }

  /** B, the number of completions. */
  public int completions() {
    return lengths.length;
  }

  /** Tokens of the micro-batch that a loss may be divided by: M and {@link #otherTokens}. */
  public int tokens() {
    return Arrays.stream(lengths).sum() + otherTokens;
  }
}
