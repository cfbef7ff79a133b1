package org.sparklora.pipeline.table;

import java.util.Map;

/**
 * A row of the {@code advantages} table: a completion with its rewards and advantage.
 *
 * @param rewards reward of each reward function by name, in the functions' order; NaN: not judged
 * @param judged the verdict of the first function that gives verdicts
 * @param reward the weighted sum of rewards; NaN if no function judged
 * @param advantage how much better than the prompt's other completions; 0 without a reward
 * @param groupIsFlat whether all judged rewards of the group are equal, so that it has no gradient
 */
public record ScoredGeneration(
    Generation generation,
    Map<String, Double> rewards,
    Judged judged,
    double reward,
    double advantage,
    boolean groupIsFlat) {

  /** The rewards alone, {@code (F)} for F reward functions. */
  public double[] rewardArray() {
    return rewards.values().stream().mapToDouble(Double::doubleValue).toArray();
  }

  /** The same completion with its weighted sum and its advantage over its siblings. */
  public ScoredGeneration withAdvantage(double reward, double advantage, boolean groupIsFlat) {
    return new ScoredGeneration(generation, rewards, judged, reward, advantage, groupIsFlat);
  }

  /**
   * The reasons for a completion's rewards.
   *
   * @param seconds duration of the judging
   */
  public record Judged(
      Verdict verdict, String reason, String goldParsed, String answerParsed, double seconds) {}
}
