package org.sparklora.model.generate;

import static org.sparklora.model.config.InvalidSetting.require;

import java.io.Serializable;
import java.util.Set;
import org.sparklora.model.engine.SamplingRule;

/**
 * How completions are drawn.
 *
 * @param numGenerations G, the number of completions of each prompt
 * @param maxCompletionLength most tokens of a completion
 * @param endTokens a completion ends with the first of these; empty for none
 * @param seed of all random numbers
 */
public record SamplingConfig(
    int numGenerations,
    int maxCompletionLength,
    SamplingRule rule,
    Set<Integer> endTokens,
    long seed)
    implements Serializable {

  /** The largest G, far above practical values, but small enough for arrays over completions. */
  private static final int MAX_GENERATIONS = 1 << 16;

  public SamplingConfig {
    require(
        numGenerations >= 1 && numGenerations <= MAX_GENERATIONS,
        "num_generations",
        numGenerations,
        "it must be at least 1 and at most " + MAX_GENERATIONS);
    require(
        maxCompletionLength >= 1,
        "max_completion_length",
        maxCompletionLength,
        "it must be at least 1");
    endTokens = Set.copyOf(endTokens);
  }

  public SamplingConfig withSeed(long newSeed) {
    return new SamplingConfig(numGenerations, maxCompletionLength, rule, endTokens, newSeed);
  }

  public SamplingConfig withNumGenerations(int completions) {
    return new SamplingConfig(completions, maxCompletionLength, rule, endTokens, seed);
  }

  public SamplingConfig withEndTokens(Set<Integer> tokens) {
    return new SamplingConfig(numGenerations, maxCompletionLength, rule, tokens, seed);
  }
}
