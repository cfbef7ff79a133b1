package org.sparklora.spark.grpo;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.sparklora.pipeline.table.Generation;
import org.sparklora.pipeline.table.ScoredGeneration;
import org.sparklora.reward.Completion;
import org.sparklora.reward.GivenReward;
import org.sparklora.reward.GroupAdvantage;
import org.sparklora.reward.Judge;
import org.sparklora.reward.Judgement;
import org.sparklora.reward.Reward;
import org.sparklora.reward.job.CompletionRow;
import org.sparklora.reward.job.RewardConfig;
import org.sparklora.spark.workers.Work;
import org.sparklora.spark.workers.Workers;

/**
 * The second stage: workers judge the completions of a round, and groups get their advantages. The
 * {@code reward} command does the same with a table of any size.
 *
 * @param groupSize completions a prompt, which stand side by side
 * @param external gives those rewards that are not computed here; empty where all are
 */
public record RewardStage(
    Workers workers,
    RewardConfig.Functions functions,
    RewardConfig.Advantages advantages,
    int groupSize,
    Optional<ExternalRewardsJob> external) {

  /** A stage all of whose rewards are computed here. */
  public RewardStage(
      Workers workers,
      RewardConfig.Functions functions,
      RewardConfig.Advantages advantages,
      int groupSize) {
    this(workers, functions, advantages, groupSize, Optional.empty());
  }

  public List<ScoredGeneration> run(List<Generation> generations) {
    List<Reward> rewards = functions.rewards();
    List<Judge.Result> results = new ArrayList<>();
    workers.forEach(
        workers.shares(judgeable(generations)), new JudgeAll(new Judge(rewards)), results::addAll);
    List<ScoredGeneration> unscaled = new ArrayList<>();
    for (int c = 0; c < results.size(); c++) {
      unscaled.add(unscaled(generations.get(c), rewards, results.get(c)));
    }
    return withAdvantages(unscaled);
  }

  private List<Completion> judgeable(List<Generation> generations) {
    List<Completion> completions = generations.stream().map(CompletionRow::of).toList();
    return external
        .map(job -> withGiven(completions, job.names(), job.run(generations, groupSize)))
        .orElse(completions);
  }

  private static List<Completion> withGiven(
      List<Completion> completions, List<String> names, double[][] given) {
    List<Completion> with = new ArrayList<>();
    for (int c = 0; c < given.length; c++) {
      Map<String, String> columns = new HashMap<>();
      for (int f = 0; f < names.size(); f++) {
        columns.put(GivenReward.column(names.get(f)), Double.toString(given[c][f]));
      }
      with.add(completions.get(c).with(columns));
    }
    return with;
  }

  private record JudgeAll(Judge judge) implements Work<List<Completion>, List<Judge.Result>> {
    @Override
    public String verb() {
      return "judge completions";
    }

    @Override
    public List<Judge.Result> run(List<Completion> completions) {
      return completions.stream().map(completion -> judge.judge(Optional.of(completion))).toList();
    }
  }

  private static ScoredGeneration unscaled(
      Generation generation, List<Reward> rewards, Judge.Result result) {
    Map<String, Double> byName = new LinkedHashMap<>();
    for (int f = 0; f < rewards.size(); f++) {
      byName.put(rewards.get(f).name(), result.judgements().get(f).reward());
    }
    Judgement told = result.told();
    return new ScoredGeneration(
        generation,
        byName,
        new ScoredGeneration.Judged(
            told.verdict(),
            told.reason(),
            told.goldParsed(),
            told.answerParsed(),
            result.seconds()),
        Double.NaN,
        0,
        false);
  }

  /** The same completions, whose rewards are weighed and compared within their groups. */
  List<ScoredGeneration> withAdvantages(List<ScoredGeneration> rows) {
    double[] weights = functions.weightArray();
    double[][] rewards = rows.stream().map(RewardStage::rewards).toArray(double[][]::new);
    double[] of =
        GroupAdvantage.ofBatch(
            rewards, groupSize, weights, advantages.scaling(), advantages.aggregation());
    double[] sums = GroupAdvantage.weightedSums(rewards, weights);
    List<ScoredGeneration> scored = new ArrayList<>();
    for (int c = 0; c < of.length; c++) {
      int group = c / groupSize * groupSize;
      boolean flat = GroupAdvantage.isFlat(Arrays.copyOfRange(of, group, group + groupSize));
      ScoredGeneration row = rows.get(c);
      scored.add(
          new ScoredGeneration(
              row.generation(), row.rewards(), row.judged(), sums[c], of[c], flat));
    }
    return scored;
  }

  private static double[] rewards(ScoredGeneration row) {
    return row.rewards().values().stream().mapToDouble(Double::doubleValue).toArray();
  }
}
