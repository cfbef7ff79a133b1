package org.sparklora.spark.eval;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.sparklora.model.generate.SamplingConfig;
import org.sparklora.model.lora.AdapterFile;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flag;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.run.OutputFolder;
import org.sparklora.pipeline.run.RunFolder;
import org.sparklora.pipeline.table.Prompt;
import org.sparklora.pipeline.table.Verdict;
import org.sparklora.prep.PromptsConfig;
import org.sparklora.prep.settings.PrepSettings;
import org.sparklora.reward.GroupAdvantage;
import org.sparklora.reward.Reward;
import org.sparklora.reward.RewardInput;
import org.sparklora.reward.job.RewardConfig;
import org.sparklora.spark.generate.GenerateConfig;
import org.sparklora.spark.grpo.RewardSettings;

/**
 * Settings of {@code eval --task math}: generation, problems and judging rewards.
 *
 * @param passK {@code pass_k}
 * @param byColumns {@code by}: columns of the dataset whose values get scores of their own
 * @param shown settings that the summary repeats, by name
 * @param output {@code output_dir}
 * @param overwrite {@code overwrite_output_dir}
 */
public record MathEvalConfig(
    GenerateConfig generation,
    PromptsConfig problems,
    RewardConfig.Functions rewards,
    GroupAdvantage advantages,
    List<Integer> passK,
    List<String> byColumns,
    Map<String, String> shown,
    String output,
    boolean overwrite) {
  private static final List<Flag<?>> SHOWN =
      List.of(
          Flags.TASK,
          Flags.MODEL_NAME_OR_PATH,
          Flags.ADAPTER,
          Flags.DATASET_NAME,
          Flags.DATASET_REVISION,
          Flags.DATASET_TEST_SPLIT,
          Flags.DATASET_FORMAT,
          Flags.DATASET_FILTER,
          Flags.DATASET_COLUMNS,
          Flags.REWARD_FUNCS,
          Flags.REWARD_DIALECT,
          Flags.NUM_GENERATIONS,
          Flags.TEMPERATURE,
          Flags.TOP_P,
          Flags.TOP_K,
          Flags.MIN_P,
          Flags.REPETITION_PENALTY,
          Flags.MAX_COMPLETION_LENGTH,
          Flags.SEED);

  /** A completion that any reward can judge, to find rewards that give no verdict. */
  private static final RewardInput SAMPLE =
      new RewardInput("$\\boxed{1}$", Optional.of("1"), OptionalInt.of(1), Map.of());

  public MathEvalConfig {
    SamplingConfig sampling = generation.sampling();
    int completions = sampling.numGenerations();
    passK.forEach(
        k ->
            ConfigException.require(
                k <= completions,
                Flags.PASS_K,
                k,
                "%s needs that many completions of a problem: --%s %s --%s 1.0"
                    .formatted(pass(k), Flags.NUM_GENERATIONS, k, Flags.TEMPERATURE)));
    ConfigException.require(
        completions == 1 || !sampling.rule().isGreedy(),
        Flags.NUM_GENERATIONS,
        completions,
        "all greedy completions of a problem are the same; draw them with --%s 1.0"
            .formatted(Flags.TEMPERATURE));
    requireVerdicts(rewards, rewards.rewards().stream().anyMatch(MathEvalConfig::mayGiveVerdicts));
  }

  /** The name of pass@k in summaries. */
  public static String pass(int k) {
    return "pass@" + k;
  }

  /** The name of maj@n in summaries. */
  public static String majority(long completions) {
    return "maj@" + completions;
  }

  private static boolean mayGiveVerdicts(Reward reward) {
    try {
      return reward.judge(SAMPLE).verdict() != Verdict.SCORED;
    } catch (RuntimeException | LinkageError | AssertionError e) {
      return true; // a user's reward that needs more than the sample has
    }
  }

  /** Refuses a column of {@code by} that the problems lack. */
  void requireColumns(List<Prompt> problems) {
    Set<String> columns = problems.get(0).columns().keySet();
    byColumns.forEach(
        column ->
            ConfigException.require(
                columns.contains(column),
                Flags.BY,
                column,
                "the problems have no such column but " + String.join(", ", columns)));
  }

  /** Refuses rewards of which none gives a verdict of right or wrong. */
  static void requireVerdicts(RewardConfig.Functions rewards, boolean given) {
    ConfigException.require(
        given,
        Flags.REWARD_FUNCS,
        String.join(" ", rewards.names()),
        "none of them says which answers are right; strip_reasoning_accuracy_reward, accuracy_reward, reasoning_accuracy_reward, gsm8k_reward and exact_match_reward do");
  }

  /**
   * The records of a user's settings: one, or one for each of {@code checkpoints}.
   *
   * @throws ConfigException also if there are none
   */
  public static List<MathEvalConfig> ofEach(Configuration hadoop, Settings settings)
      throws IOException {
    String run = settings.find(Flags.CHECKPOINTS).orElse("");
    if (run.isEmpty()) {
      return List.of(of(settings));
    }
    ConfigException.require(
        settings.find(Flags.OUTPUT_TABLE).isEmpty(),
        Flags.CHECKPOINTS,
        run,
        "--output_table takes the completions of one model; leave one of both out");
    String output = settings.get(Flags.OUTPUT_DIR);
    List<MathEvalConfig> configs = new ArrayList<>();
    for (Path checkpoint : RunFolder.checkpoints(hadoop, run)) {
      Path adapter = new Path(checkpoint, AdapterFile.CONFIG);
      boolean isAdapter = adapter.getFileSystem(hadoop).exists(adapter);
      configs.add(
          of(
              settings
                  .with(isAdapter ? Flags.ADAPTER : Flags.MODEL_NAME_OR_PATH, checkpoint.toString())
                  .with(Flags.OUTPUT_DIR, output + "/" + checkpoint.getName()),
              output)); // prompts are made once, and used by all
    }
    ConfigException.require(
        !configs.isEmpty(),
        Flags.CHECKPOINTS,
        run,
        "it has no folder checkpoint-N; name the output_dir of a run");
    Path summary = new Path(output, EvalJob.SUMMARY);
    ConfigException.require(
        settings.get(Flags.OVERWRITE_OUTPUT_DIR) || !summary.getFileSystem(hadoop).exists(summary),
        Flags.OUTPUT_DIR,
        output,
        "it holds the summary of another evaluation; name another folder, or add --%s"
            .formatted(Flags.OVERWRITE_OUTPUT_DIR));
    return configs;
  }

  public static MathEvalConfig of(Settings settings) {
    return of(settings, settings.get(Flags.OUTPUT_DIR));
  }

  /** The record, with prompts made beside a folder unless the user names their place. */
  private static MathEvalConfig of(Settings settings, String beside) {
    String prompts =
        settings.find(Flags.PROMPTS_DIR).orElseGet(() -> OutputFolder.named(beside) + ".prompts");
    Map<String, String> shown = new LinkedHashMap<>();
    SHOWN.stream()
        .filter(flag -> settings.find(flag).isPresent())
        .forEach(flag -> shown.put(flag.name(), settings.text(flag)));
    return new MathEvalConfig(
        GenerateConfig.of(settings),
        PrepSettings.prompts(settings, Flags.DATASET_TEST_SPLIT, prompts),
        RewardSettings.functions(settings, Set.of()),
        RewardSettings.advantages(settings),
        settings.get(Flags.PASS_K),
        settings.find(Flags.BY).orElse(List.of()),
        shown,
        settings.get(Flags.OUTPUT_DIR),
        settings.get(Flags.OVERWRITE_OUTPUT_DIR));
  }
}
