package org.sparklora.reward.format;

import java.io.Serializable;

/**
 * The length penalty of DAPO (Yu et al., 2025, eq. 13): nothing up to {@code max − cache} tokens,
 * then falling linearly to −1 at {@code max}, −1 beyond.
 *
 * @param maxTokens the longest completion that is not fully punished
 * @param cacheTokens the length of the slope before it
 */
public record OverlongPunishment(int maxTokens, int cacheTokens) implements Serializable {
  public OverlongPunishment {
    if (maxTokens <= 0 || cacheTokens < 0 || cacheTokens > maxTokens) {
      throw new IllegalArgumentException(
          "Cannot punish with max_completion_len = %d, soft_punish_cache = %d: the first must be positive, the second between 0 and the first"
              .formatted(maxTokens, cacheTokens));
    }
  }

  /** The lengths that TRL's script {@code grpo.py} uses. */
  public static OverlongPunishment ofTrlScript() {
    return new OverlongPunishment(1280, 256);
  }

  /** The penalty, from −1 to 0. */
  public double of(int tokens) {
    int free = maxTokens - cacheTokens;
    if (tokens <= free) {
      return 0;
    }
    return tokens <= maxTokens ? (double) (free - tokens) / cacheTokens : -1;
  }
}
