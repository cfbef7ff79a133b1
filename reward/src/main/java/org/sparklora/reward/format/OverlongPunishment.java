package org.sparklora.reward.format;

/**
 * The length penalty of DAPO (Yu et al., 2025, eq. 13): nothing up to {@code max − cache} tokens,
 * then falling linearly to −1 at {@code max}, −1 beyond.
 *
 * @param maxTokens the longest completion that is not fully punished
 * @param cacheTokens the length of the slope before it
 */
public record OverlongPunishment(int maxTokens, int cacheTokens) {
  public OverlongPunishment {
    if (maxTokens <= 0 || cacheTokens < 0 || cacheTokens > maxTokens) {
      throw new IllegalArgumentException(
          "Cannot punish with max_completion_len = %d, soft_punish_cache = %d: the first must be positive, the second between 0 and the first"
              .formatted(maxTokens, cacheTokens));
    }
  }

  public double of(int tokens) {
    int free = maxTokens - cacheTokens;
    if (tokens <= free) {
      return 0;
    }
    return tokens <= maxTokens ? (double) (free - tokens) / cacheTokens : -1;
  }
}
