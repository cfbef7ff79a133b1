package org.sparklora.pipeline.table;

import java.util.Map;

/**
 * A row of the {@code advantages} table: a completion and what it was judged to be worth.
 *
 * @param rewards of each reward function by its name, in their order; NaN: not judged
 * @param judged what the first function that gives verdicts says
 * @param reward the weighted sum; NaN where no function judged
 * @param advantage how much better than its siblings; 0 where there is no reward
 * @param groupIsFlat whether nothing can be learnt from the group: its judged rewards agree
 */
public record ScoredGeneration(
    Generation generation,
    Map<String, Double> rewards,
    Judged judged,
    double reward,
    double advantage,
    boolean groupIsFlat) {

  /** The rewards alone, {@code (F)}. */
  public double[] rewardArray() {
    return rewards.values().stream().mapToDouble(Double::doubleValue).toArray();
  }

  /** The same completion with its weighted sum and its advantage over its siblings. */
  public ScoredGeneration withAdvantage(double reward, double advantage, boolean groupIsFlat) {
    return new ScoredGeneration(generation, rewards, judged, reward, advantage, groupIsFlat);
  }

  /**
   * Why a completion got its rewards.
   *
   * @param seconds that judging took
   */
  public record Judged(
      Verdict verdict, String reason, String goldParsed, String answerParsed, double seconds) {}
}
