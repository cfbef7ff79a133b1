package org.sparklora.reward.format;

import org.sparklora.reward.Judgement;
import org.sparklora.reward.Reward;
import org.sparklora.reward.RewardInput;

/**
 * 1 for a completion that thinks before it answers, else 0: it begins with {@code <think>},
 * contains no second {@code <think>}, and closes it.
 */
public record ThinkFormat() implements Reward {
  public static final String NAME = "think_format_reward";
  private static final String OPEN = "<think>";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Judgement judge(RewardInput completion) {
    String text = completion.text();
    boolean thinks =
        text.startsWith(OPEN)
            && text.indexOf(OPEN, OPEN.length()) < 0
            && text.indexOf("</think>", OPEN.length()) >= 0;
    return Judgement.scored(thinks ? 1 : 0, thinks ? "thinks in tags" : "does not think in tags");
  }
}
