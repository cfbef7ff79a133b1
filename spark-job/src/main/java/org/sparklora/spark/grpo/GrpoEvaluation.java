package org.sparklora.spark.grpo;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.sparklora.model.PolicyRow;
import org.sparklora.model.generate.SamplingConfig;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.table.Generation;
import org.sparklora.pipeline.table.Prompt;
import org.sparklora.pipeline.table.ScoredGeneration;
import org.sparklora.prep.PromptsConfig;
import org.sparklora.prep.settings.PrepSettings;
import org.sparklora.spark.run.EvalSchedule;
import org.sparklora.spark.run.TrainingRun;
import org.sparklora.train.EvalMetrics;
import org.sparklora.train.ExecutorModel;
import org.sparklora.train.MetricMeans;
import org.sparklora.train.PolicyGradient;
import org.sparklora.train.PolicyMicroBatch;
import org.sparklora.train.TrainedModel;
import org.sparklora.train.grpo.GenerateStage;
import org.sparklora.train.grpo.LogProbGuard;
import org.sparklora.train.grpo.Round;
import org.sparklora.train.workers.SharedVector;
import org.sparklora.train.workers.Workers;

/**
 * Evaluates a policy during training: completes and judges the prompts of the test split like those
 * of a round, and computes their loss like that of a step, on the policy that drew them. Each
 * evaluation draws with the same random numbers, so that evaluations differ by the policy alone.
 *
 * @param policy whose parameters are read at each call
 * @param prompts of the test split
 */
record GrpoEvaluation(Policy policy, List<Prompt> prompts) implements TrainingRun.Evaluator {
  /** A draw's number that no round has. */
  private static final int DRAW = -1;

  /**
   * Settings of evaluations.
   *
   * @param completions {@code num_generations_eval}: of each prompt
   * @param batch {@code per_device_eval_batch_size}: completions whose loss is measured together
   * @param table how to make prompts from the test split; empty without evaluation
   */
  record Config(int completions, int batch, Optional<PromptsConfig> table) {
    static Config of(Settings settings, EvalSchedule schedule, String promptsFolder) {
      return new Config(
          settings.find(Flags.NUM_GENERATIONS_EVAL).orElse(settings.get(Flags.NUM_GENERATIONS)),
          settings.get(Flags.PER_DEVICE_EVAL_BATCH_SIZE),
          schedule.isOn()
              ? Optional.of(
                  PrepSettings.prompts(
                      settings,
                      Flags.DATASET_TEST_SPLIT,
                      PrepSettings.testFolder(settings, promptsFolder)))
              : Optional.empty());
    }
  }

  @Override
  public EvalMetrics run(int step) {
    policy.workers().during("evaluation");
    Config config = policy.config().evaluation();
    int each = config.completions();
    SamplingConfig sampling =
        GenerateStage.sampling(policy.rollouts().sampling().withNumGenerations(each), DRAW);
    List<Generation> drawn = policy.complete(prompts, sampling, policy.updates().version(step));
    List<ScoredGeneration> scored = policy.rewards().run(drawn, each);
    Map<String, Double> metrics = RoundMetrics.of(scored, policy.config(), each);
    metrics.putAll(policyMetrics(scored, config.batch()));
    return new EvalMetrics(metrics, scored.size(), (scored.size() - 1) / config.batch() + 1);
  }

  /**
   * TRL's metrics of the loss: the loss as a mean over completions, all else as a mean over
   * batches. Clip ratios are left out: the policy that draws is the one evaluated, so nothing is
   * clipped.
   */
  private Map<String, Double> policyMetrics(List<ScoredGeneration> scored, int batch) {
    List<PolicyRow> rows = policy.withReference(scored.stream().map(policy::row).toList(), batch);
    List<PolicyMicroBatch> batches = new ArrayList<>();
    for (List<PolicyRow> some : Workers.batches(rows, batch)) {
      Round alone = Round.trusted(some, List.of());
      batches.add(alone.microBatch(0, 0, 0, 1, 1, policy.config().loss()));
    }
    List<PolicyGradient> measured =
        policy
            .workers()
            .map(
                "compute losses",
                batches,
                new Measure(policy.model(), policy.updates().parameters()));
    double loss = 0;
    List<float[]> learner = new ArrayList<>();
    for (int b = 0; b < batches.size(); b++) {
      loss += measured.get(b).loss() * batches.get(b).rows().size() / rows.size();
      learner.addAll(batches.get(b).ofCompletions(measured.get(b).logProbs()));
    }
    Map<String, Double> metrics =
        MetricMeans.of(measured.stream().map(PolicyGradient::metrics).toList());
    metrics.keySet().removeIf(name -> name.contains("clip_ratio"));
    metrics.put("loss", loss);
    metrics.putAll(new LogProbGuard(DRAW, 0).compare(sampler(scored, rows), learner).metrics());
    return metrics;
  }

  /** The sampler's log-probabilities, without those of masked completions. */
  private static List<float[]> sampler(List<ScoredGeneration> scored, List<PolicyRow> rows) {
    return IntStream.range(0, rows.size())
        .filter(c -> !rows.get(c).masked())
        .mapToObj(c -> scored.get(c).generation().logProbs())
        .toList();
  }

  private record Measure(TrainedModel model, SharedVector parameters)
      implements Workers.Work<PolicyMicroBatch, PolicyGradient> {
    @Override
    public PolicyGradient run(PolicyMicroBatch batch) {
      try (ExecutorModel here = ExecutorModel.of(model)) {
        return here.evaluate(batch, parameters.vector());
      }
    }
  }
}
