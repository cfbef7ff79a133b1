package org.sparklora.reward;

/**
 * A reward that something else has computed: it stands beside the completion, in the column {@link
 * #column}. A completion without one is not judged.
 */
public record GivenReward(String name) implements Reward {

  /** Where the reward of a name stands. */
  public static String column(String name) {
    return "given_rewards/" + name;
  }

  @Override
  public Judgement judge(Completion completion) {
    String text = completion.columns().getOrDefault(column(name), "NaN");
    double reward = Double.parseDouble(text);
    return Double.isNaN(reward)
        ? Judgement.unverifiable("no reward was given")
        : Judgement.scored(reward, "given");
  }
}
