package org.sparklora.model.loss;

import java.util.Arrays;
import java.util.Optional;

/**
 * The data of a micro-batch that a policy loss needs besides the policy's log-probabilities. Target
 * tokens are numbered in the order of the batch, one completion after the other.
 *
 * @param of the completions
 * @param oldLogProbs log-probability of each target token under the policy that drew it, {@code
 *     (M)}; empty if that is the current policy
 * @param referenceLogProbs those under the reference policy, {@code (M)}
 * @param weights factor of each target token in the policy's loss, {@code (M)}; empty for 1
 * @param otherTokens tokens of completions that are not computed, since they have no gradient, but
 *     count where a loss is divided by a number of tokens
 *     <p>Arrays are read-only and not copied.
 */
public record PolicyTargets(
    Completions of,
    Optional<float[]> oldLogProbs,
    Optional<float[]> referenceLogProbs,
    Optional<float[]> weights,
    int otherTokens) {

  /**
   * @param lengths target tokens of each completion, {@code (B)}; 0 for a completion that is not
   *     trained on but counts as one
   * @param advantages advantage of each completion, {@code (B)}
   * @param drifts mean over each completion's tokens of its sampler's log-probability minus the old
   *     policy's, {@code (B)}; 0 if the old policy drew it
   */
  public record Completions(int[] lengths, float[] advantages, float[] drifts) {}

  public PolicyTargets {
    int tokens = Arrays.stream(of.lengths).sum();
    requireOneEach("advantages", Optional.of(of.advantages), of.lengths.length, "completions");
    requireOneEach("drifts", Optional.of(of.drifts), of.lengths.length, "completions");
    requireOneEach("old log-probabilities", oldLogProbs, tokens, "target tokens");
    requireOneEach("reference log-probabilities", referenceLogProbs, tokens, "target tokens");
    requireOneEach("weights", weights, tokens, "target tokens");
  }

  private static void requireOneEach(
      String name, Optional<float[]> values, int count, String what) {
    if (values.isPresent() && values.get().length != count) {
      throw new IllegalArgumentException(
          "Cannot use %s %s for %s %s: there must be one for each"
              .formatted(values.get().length, name, count, what));
    }
  }

  /** B, the number of completions. */
  public int completions() {
    return of.lengths.length;
  }

  /** Target tokens of each completion, {@code (B)}. */
  public int[] lengths() {
    return of.lengths;
  }

  /** The advantage of each completion, {@code (B)}. */
  public float[] advantages() {
    return of.advantages;
  }

  /** Tokens of the micro-batch that a loss may be divided by: M and {@link #otherTokens}. */
  public int tokens() {
    return Arrays.stream(of.lengths).sum() + otherTokens;
  }
}
