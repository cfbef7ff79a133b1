package org.sparklora.spark.grpo;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.sparklora.pipeline.table.Generation;
import org.sparklora.pipeline.table.ScoredGeneration;
import org.sparklora.reward.GivenReward;
import org.sparklora.reward.Judge;
import org.sparklora.reward.RewardInput;
import org.sparklora.reward.job.CompletionRow;
import org.sparklora.reward.job.Scoring;
import org.sparklora.train.workers.Workers;

/**
 * The second stage: workers judge the completions of a round; advantages are computed by group. The
 * {@code reward} command maps the same {@link Scoring} over a table of any size.
 *
 * @param external gives the rewards that are not built in; empty if all are
 */
public record RewardStage(Workers workers, Scoring scoring, Optional<ExternalRewardsJob> external) {

  /** Judges completions, of which {@code groupSize} of a prompt stand side by side. */
  public List<ScoredGeneration> run(List<Generation> generations, int groupSize) {
    List<RewardInput> completions = generations.stream().map(CompletionRow::of).toList();
    List<RewardInput> judgeable =
        external
            .map(job -> withGiven(completions, job.names(), job.run(generations, groupSize)))
            .orElse(completions);
    List<Judge.Result> results = new ArrayList<>();
    workers.forEach(
        "judge completions",
        workers.shares(judgeable),
        new JudgeAll(scoring.judge()),
        results::addAll);
    return scoring.scored(generations, results, groupSize);
  }

  private static List<RewardInput> withGiven(
      List<RewardInput> completions, List<String> names, double[][] given) {
    List<RewardInput> with = new ArrayList<>();
    for (int c = 0; c < given.length; c++) {
      Map<String, String> columns = new HashMap<>();
      for (int f = 0; f < names.size(); f++) {
        columns.put(GivenReward.column(names.get(f)), Double.toString(given[c][f]));
      }
      with.add(completions.get(c).with(columns));
    }
    return with;
  }

  private record JudgeAll(Judge judge)
      implements Workers.Work<List<RewardInput>, List<Judge.Result>> {
    @Override
    public List<Judge.Result> run(List<RewardInput> completions) {
      return completions.stream().map(completion -> judge.judge(Optional.of(completion))).toList();
    }
  }
}
