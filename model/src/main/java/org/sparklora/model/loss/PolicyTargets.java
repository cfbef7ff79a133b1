package org.sparklora.model.loss;

import java.util.List;
import java.util.Optional;

/**
 * The data of a micro-batch that a policy loss needs besides the policy's log-probabilities. Target
 * tokens are numbered in the order of the batch, one completion after the other.
 *
 * @param oldLogProbs log-probability of each target token under the policy that drew it, {@code
 *     (M)}; empty if that is the current policy
 * @param referenceLogProbs those under the reference policy, {@code (M)}
 * @param weights factor of each target token in the policy's loss, {@code (M)}; empty for 1
 * @param otherTokens tokens of completions that are not computed, since they have no gradient, but
 *     count where a loss is divided by a number of tokens
 *     <p>Arrays are read-only and not copied.
 */
public record PolicyTargets(
    List<Completion> completions,
    Optional<float[]> oldLogProbs,
    Optional<float[]> referenceLogProbs,
    Optional<float[]> weights,
    int otherTokens) {

  /**
   * @param length target tokens; 0 for a completion that is not trained on but counts as one
   * @param drift mean over its tokens of its sampler's log-probability minus the old policy's; 0 if
   *     the old policy drew it
   */
  public record Completion(int length, float advantage, float drift) {}

  public PolicyTargets {
    completions = List.copyOf(completions);
  }

  /** Tokens of the micro-batch that a loss may be divided by: M and {@link #otherTokens}. */
  public int tokens() {
    return completions.stream().mapToInt(Completion::length).sum() + otherTokens;
  }
}
