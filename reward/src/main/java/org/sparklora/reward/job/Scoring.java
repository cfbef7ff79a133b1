package org.sparklora.reward.job;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.sparklora.pipeline.table.Generation;
import org.sparklora.pipeline.table.ScoredGeneration;
import org.sparklora.reward.GroupAdvantage;
import org.sparklora.reward.Judge;

/**
 * The reward stage without Spark: a judge gives each completion its rewards, which are weighted and
 * compared within groups. {@link RewardJob} applies it to a table of any size; {@code grpo} and
 * {@code eval} pass lists.
 *
 * @param weights of the judge's rewards, {@code (F)}; read-only
 */
public record Scoring(Judge judge, double[] weights, GroupAdvantage advantages)
    implements Serializable {

  /** Scoring by these settings; throws for an unknown reward. */
  public static Scoring of(RewardConfig.Functions functions, GroupAdvantage advantages) {
    return new Scoring(new Judge(functions.rewards()), functions.weightArray(), advantages);
  }

  /** Completions in memory, those of a prompt adjacent, with their rewards and advantages. */
  public List<ScoredGeneration> scored(
      List<Generation> generations, List<Judge.Result> results, int groupSize) {
    List<ScoredGeneration> judged = new ArrayList<>();
    for (int c = 0; c < results.size(); c++) {
      Map<String, Double> rewards = new LinkedHashMap<>();
      double[] values = results.get(c).rewards();
      for (int f = 0; f < values.length; f++) {
        rewards.put(judge.rewards().get(f).name(), values[f]);
      }
      judged.add(
          new ScoredGeneration(
              generations.get(c), rewards, results.get(c).told(), Double.NaN, 0, false));
    }
    return withAdvantages(judged, groupSize);
  }

  /** The completions with rewards weighted and compared within their groups. */
  public List<ScoredGeneration> withAdvantages(List<ScoredGeneration> rows, int groupSize) {
    double[][] rewards = rows.stream().map(ScoredGeneration::rewardArray).toArray(double[][]::new);
    double[] ofCompletions = advantages.ofBatch(rewards, groupSize, weights);
    List<ScoredGeneration> scored = new ArrayList<>();
    for (int c = 0; c < ofCompletions.length; c++) {
      int group = c / groupSize * groupSize;
      boolean flat =
          GroupAdvantage.isFlat(Arrays.copyOfRange(ofCompletions, group, group + groupSize));
      double reward = GroupAdvantage.weightedSum(rewards[c], weights);
      scored.add(rows.get(c).withAdvantage(reward, ofCompletions[c], flat));
    }
    return scored;
  }
}
