package org.sparklora.spark.grpo;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.sparklora.model.generate.SamplingConfig;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.table.Prompt;
import org.sparklora.prep.PromptsConfig;
import org.sparklora.spark.EvalSchedule;
import org.sparklora.spark.PromptSettings;

/**
 * Evaluation of a policy while it is trained: the prompts of the test split are completed and
 * judged as those of a round are. It draws with the same random numbers each time, so that
 * evaluations differ by the policy alone.
 *
 * @param policy as it is at each call
 * @param prompts of the test split
 */
record GrpoEvaluation(GrpoConfig config, PolicyRounds.Policy policy, List<Prompt> prompts) {
  /** No round has this number. */
  private static final int DRAW = -1;

  /**
   * What is evaluated, and when.
   *
   * @param completions {@code num_generations_eval}: of each prompt
   * @param batch {@code per_device_eval_batch_size}, which is a figure of the log only
   * @param table how the test split becomes prompts; empty where nothing is evaluated
   */
  record Config(EvalSchedule schedule, int completions, int batch, Optional<PromptsConfig> table) {
    Config {
      ConfigException.require(
          completions >= 1,
          "num_generations_eval",
          completions,
          "at least one completion of each prompt is judged");
      ConfigException.require(
          batch >= 1, "per_device_eval_batch_size", batch, "a batch has at least one row");
    }

    static Config of(Settings settings, String promptsFolder) {
      EvalSchedule schedule = EvalSchedule.of(settings);
      return new Config(
          schedule,
          settings
              .optionalInteger("num_generations_eval")
              .orElse(settings.integer("num_generations")),
          settings.integer("per_device_eval_batch_size"),
          schedule.isOn()
              ? Optional.of(
                  PromptSettings.ofTestSplit(
                      settings, promptsFolder + "-" + settings.requiredText("dataset_test_split")))
              : Optional.empty());
    }
  }

  /** Completions that are judged. */
  int samples() {
    return prompts.size() * config.evaluation().completions();
  }

  /** Under TRL's names, without {@code eval_}; NaN where nothing was judged. */
  Map<String, Double> run() {
    int completions = config.evaluation().completions();
    SamplingConfig sampling =
        PolicyRounds.sampling(policy.sampling().withNumGenerations(completions), DRAW);
    GenerateStage generate =
        new GenerateStage(
            policy.workers(), policy.model(), policy.updates().parameters(), sampling);
    RewardStage judge =
        new RewardStage(policy.workers(), config.rewards(), config.advantages(), completions);
    return RoundMetrics.of(judge.run(generate.run(prompts)), config, completions);
  }
}
