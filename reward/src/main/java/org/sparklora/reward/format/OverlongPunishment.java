package org.sparklora.reward.format;

import org.sparklora.reward.Judgement;
import org.sparklora.reward.Reward;
import org.sparklora.reward.RewardInput;

/**
 * The length penalty of DAPO (Yu et al., 2025, eq. 13): 0 up to {@code max − cache} tokens, then
 * falling linearly to −1 at {@code max}, −1 beyond.
 *
 * @param maxTokens the longest completion that is not fully punished
 * @param cacheTokens the length of the linear part before {@code maxTokens}
 */
public record OverlongPunishment(int maxTokens, int cacheTokens) implements Reward {
  public OverlongPunishment {
    if (maxTokens <= 0 || cacheTokens < 0 || cacheTokens > maxTokens) {
      throw new IllegalArgumentException(
          "Cannot punish with max_completion_len = %s, soft_punish_cache = %s: the first must be positive, the second between 0 and the first"
              .formatted(maxTokens, cacheTokens));
    }
  }

  /** The lengths that TRL's script {@code grpo.py} uses. */
  public static OverlongPunishment ofTrlScript() {
    return new OverlongPunishment(1280, 256);
  }

  @Override
  public String name() {
    return "soft_overlong_punishment_reward";
  }

  @Override
  public Judgement judge(RewardInput completion) {
    if (completion.tokens().isEmpty()) {
      return Judgement.unverifiable("no token count");
    }
    double reward = of(completion.tokens().getAsInt());
    return Judgement.scored(reward, reward < 0 ? "too long" : "not too long");
  }

  private double of(int tokens) {
    int free = maxTokens - cacheTokens;
    if (tokens <= free) {
      return 0;
    }
    return tokens <= maxTokens ? (double) (free - tokens) / cacheTokens : -1;
  }
}
