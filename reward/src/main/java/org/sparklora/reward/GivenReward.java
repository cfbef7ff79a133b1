package org.sparklora.reward;

/**
 * A reward that was computed elsewhere and is in the completion's column {@link #column}. A
 * completion without a value there is not judged.
 */
public record GivenReward(String name) implements Reward {

  /** The column of the reward of this name. */
  public static String column(String name) {
    return "given_rewards/" + name;
  }

  @Override
  public Judgement judge(RewardInput completion) {
    String text = completion.columns().getOrDefault(column(name), "NaN");
    double reward = Double.parseDouble(text);
    return Double.isNaN(reward)
        ? Judgement.unverifiable("no reward was given")
        : Judgement.scored(reward, "given");
  }
}
