package org.sparklora.model.generate;

import static org.sparklora.model.InvalidSetting.require;

import java.io.Serializable;
import java.util.Set;

/**
 * How completions are drawn. Names, order and meaning are those of transformers: the repetition
 * penalty first, then temperature, top-k, top-p and min-p, each on what its predecessor left.
 *
 * @param numGenerations G, completions of each prompt
 * @param maxCompletionLength tokens of a completion at most
 * @param temperature logits are divided by it; 0 takes the likeliest token always
 * @param topK only this many likeliest tokens can be drawn; 0 for all
 * @param topP only the likeliest tokens whose probabilities sum to this can be drawn; 1 for all
 * @param minP tokens less likely than this share of the likeliest cannot be drawn; 0 for all
 * @param repetitionPenalty logits of tokens of prompt and completion are divided by it if positive,
 *     multiplied if negative; 1 for none
 * @param endTokens a completion ends with the first of these; empty for none
 * @param seed of all random numbers
 */
public record SamplingConfig(
    int numGenerations,
    int maxCompletionLength,
    float temperature,
    int topK,
    float topP,
    float minP,
    float repetitionPenalty,
    Set<Integer> endTokens,
    long seed)
    implements Serializable {

  /** Far beyond what anybody draws, and few enough for arrays over a prompt's completions. */
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
    require(temperature >= 0, "temperature", temperature, "it must be 0 for greedy, or above");
    require(
        topK >= 0,
        "top_k",
        topK,
        "it must be 0 for all tokens, or the number of tokens to draw from");
    require(
        topP >= 0 && topP <= 1,
        "top_p",
        topP,
        "it must be between 0 and 1; 1 draws from all tokens");
    require(
        minP >= 0 && minP <= 1,
        "min_p",
        minP,
        "it must be between 0 and 1; 0 draws from all tokens");
    require(
        repetitionPenalty > 0 && Float.isFinite(repetitionPenalty),
        "repetition_penalty",
        repetitionPenalty,
        "it must be a number above 0; 1 is none");
    endTokens = Set.copyOf(endTokens);
  }

  /** One completion of at most 512 tokens, drawn at temperature 1 from the whole distribution. */
  public static SamplingConfig defaults() {
    return new SamplingConfig(1, 512, 1, 0, 1, 0, 1, Set.of(), 42);
  }

  /** The likeliest token always. */
  public static SamplingConfig greedy(int maxCompletionLength, Set<Integer> endTokens) {
    return new SamplingConfig(1, maxCompletionLength, 0, 0, 1, 0, 1, endTokens, 0);
  }

  /** The same with other random numbers. */
  public SamplingConfig withSeed(long newSeed) {
    return new SamplingConfig(
        numGenerations,
        maxCompletionLength,
        temperature,
        topK,
        topP,
        minP,
        repetitionPenalty,
        endTokens,
        newSeed);
  }

  /** The same for another number of completions of each prompt. */
  public SamplingConfig withNumGenerations(int completions) {
    return new SamplingConfig(
        completions,
        maxCompletionLength,
        temperature,
        topK,
        topP,
        minP,
        repetitionPenalty,
        endTokens,
        seed);
  }

  /** The same, ended by other tokens. */
  public SamplingConfig withEndTokens(Set<Integer> tokens) {
    return new SamplingConfig(
        numGenerations,
        maxCompletionLength,
        temperature,
        topK,
        topP,
        minP,
        repetitionPenalty,
        tokens,
        seed);
  }

  boolean isGreedy() {
    return temperature == 0;
  }

  boolean hasPenalty() {
    return repetitionPenalty != 1;
  }

  /** The temperature of the log-probabilities that are reported. */
  float scoringTemperature() {
    return isGreedy() ? 1 : temperature;
  }
}
