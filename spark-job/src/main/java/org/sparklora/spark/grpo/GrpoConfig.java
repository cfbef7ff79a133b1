package org.sparklora.spark.grpo;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Stream;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.generate.SamplingConfig;
import org.sparklora.model.loss.GrpoLossConfig;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.model.ModelReference;
import org.sparklora.pipeline.run.OutputFolder;
import org.sparklora.pipeline.run.RunFolder;
import org.sparklora.pipeline.table.Prompt;
import org.sparklora.prep.PromptsConfig;
import org.sparklora.prep.settings.PrepSettings;
import org.sparklora.reward.GroupAdvantage;
import org.sparklora.reward.job.RewardConfig;
import org.sparklora.spark.generate.GenerateConfig;
import org.sparklora.spark.run.ModelCard;
import org.sparklora.spark.run.ModelConfig;
import org.sparklora.spark.run.TrainingConfig;
import org.sparklora.spark.run.TrainingSettings;
import org.sparklora.train.ContextLength;
import org.sparklora.train.RowOrder;
import org.sparklora.train.TrainerState;
import org.sparklora.train.TrainingPlan;
import org.sparklora.train.grpo.GroupSelection;
import org.sparklora.train.grpo.PromptOrder;
import org.sparklora.train.grpo.RoundExecutors;
import org.sparklora.train.grpo.RoundSteps;
import org.sparklora.train.grpo.SamplerCorrection;
import org.sparklora.train.vllm.VllmConfig;

/**
 * The settings of {@code grpo}.
 *
 * @param table the prompts table, or how to make it from a dataset
 * @param order of the prompts: {@code shuffle_dataset}
 * @param batch steps, and their relation to rounds
 * @param correction for completions of other generators or of earlier policies; empty for none
 * @param evaluation of the test split
 */
public record GrpoConfig(
    TrainingSettings training,
    PromptsConfig table,
    RowOrder order,
    RoundSteps batch,
    Rounds rounds,
    Rewards rewards,
    GrpoLossConfig loss,
    Optional<SamplerCorrection> correction,
    GrpoEvaluation.Config evaluation,
    CompletionsLog completions)
    implements TrainingConfig {

  public GrpoConfig {
    ConfigException.require(
        batch.generationSize() % rounds.sampling().numGenerations() == 0,
        Flags.NUM_GENERATIONS,
        rounds.sampling().numGenerations(),
        "it must divide %s, which is %s"
            .formatted(Flags.GENERATION_BATCH_SIZE, batch.generationSize()));
  }

  /**
   * How completions are drawn.
   *
   * @param sampling settings, still without the tokens that end a completion
   * @param dynamicSampling whether groups without signal are replaced
   * @param maxLogProbDifference {@code max_logprob_difference}: by how much sampler and learner may
   *     disagree on a token, on average, in nats
   * @param kept {@code rounds_total_limit}, and the rounds drawn ahead: rounds whose tables stay;
   *     all if empty
   * @param vllm the servers that generate; empty for this project's decoder
   */
  record Rounds(
      SamplingConfig sampling,
      GroupSelection.Config dynamicSampling,
      double maxLogProbDifference,
      RoundExecutors executors,
      OptionalInt kept,
      Optional<VllmConfig> vllm) {
    static Rounds of(Settings settings) {
      if (settings.command().equals("update")) {
        settings.requireDefaults(
            List.of(Flags.DYNAMIC_SAMPLING),
            "update draws nothing, so it replaces no prompt of its table; leave it out, or run grpo");
      }
      RoundExecutors executors = RoundExecutors.of(settings);
      return new Rounds(
          GenerateConfig.sampling(settings),
          new GroupSelection.Config(
              settings.get(Flags.DYNAMIC_SAMPLING), settings.get(Flags.DYNAMIC_SAMPLING_MAX_DRAWS)),
          settings.get(Flags.MAX_LOGPROB_DIFFERENCE),
          executors,
          settings
              .find(Flags.ROUNDS_TOTAL_LIMIT)
              .map(kept -> OptionalInt.of(kept + executors.ahead()))
              .orElse(OptionalInt.empty()),
          vllm(settings));
    }

    /** These settings with another folder of adapters for servers, unless the user named one. */
    Rounds withAdaptersIn(String folder) {
      Optional<VllmConfig> servers =
          vllm.map(
              named ->
                  named.isOwnDir()
                      ? new VllmConfig(named.urls(), named.timeout(), folder, true)
                      : named);
      return new Rounds(sampling, dynamicSampling, maxLogProbDifference, executors, kept, servers);
    }

    private static Optional<VllmConfig> vllm(Settings settings) {
      Optional<VllmConfig> vllm =
          VllmConfig.of(settings, settings.get(Flags.OUTPUT_DIR) + "/" + RunFolder.ADAPTERS);
      ConfigException.require(
          vllm.isEmpty() || settings.get(Flags.USE_PEFT),
          Flags.USE_VLLM,
          true,
          "servers cannot load all weights while they run, only an adapter; add --%s, or leave --%s out"
              .formatted(Flags.USE_PEFT, Flags.USE_VLLM));
      return vllm;
    }
  }

  /**
   * Functions that judge completions, and how rewards become advantages.
   *
   * @param teacher {@code teacher_model_name_or_path}: the model that is learnt from instead
   */
  record Rewards(
      RewardConfig.Functions functions, GroupAdvantage advantages, Optional<ModelConfig> teacher) {}

  /** Names of the reward functions. */
  public List<String> rewardNames() {
    return rewards.functions().names();
  }

  /** The order in which rounds take prompts. */
  PromptOrder promptOrder(int prompts) {
    return new PromptOrder(
        prompts,
        batch.generationSize() / rounds.sampling().numGenerations(),
        order,
        course().seed());
  }

  /** The steps over micro-steps; a round has slices × iterations micro-steps. */
  TrainingPlan plan(PromptOrder order) {
    long microSteps = (long) order.roundsPerEpoch() * batch.microSteps();
    ConfigException.require(
        microSteps <= Integer.MAX_VALUE,
        Flags.NUM_ITERATIONS,
        batch.iterations(),
        "an epoch of %s rounds then has %s micro-batches, and may have %s; lower it, or raise --%s"
            .formatted(
                order.roundsPerEpoch(),
                microSteps,
                Integer.MAX_VALUE,
                Flags.PER_DEVICE_TRAIN_BATCH_SIZE));
    return new TrainingPlan(
        (int) microSteps,
        1,
        batch.accumulation(),
        1,
        course().epochs(),
        course().maxSteps(),
        RowOrder.SEQUENTIAL,
        course().seed());
  }

  @Override
  public Stream<ModelReference> models() {
    return Stream.concat(
        TrainingConfig.super.models(), rewards.teacher().map(ModelConfig::reference).stream());
  }

  @Override
  public ModelCard.Method method() {
    return ModelCard.Method.GRPO;
  }

  @Override
  public int microBatchRows() {
    return batch.rows();
  }

  @Override
  public double samples(TrainingPlan plan, int steps) {
    return (double) steps * batch.rows() * batch.accumulation();
  }

  @Override
  public Optional<PromptsConfig> testTable() {
    return evaluation.table();
  }

  @Override
  public Map<String, String> facts(TrainerState state) {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("steps", "%s".formatted(state.sums().steps()));
    facts.put("rewards", String.join(", ", rewardNames()));
    rewards.teacher().ifPresent(teacher -> facts.put("teacher", teacher.name()));
    facts.put(
        "learning rate", "%s, %s".formatted(optimizer().learningRate(), schedule().type().flag()));
    facts.put(
        "round",
        "%s completions, %s of a prompt, %s tokens at most"
            .formatted(
                batch.generationSize(),
                rounds.sampling().numGenerations(),
                rounds.sampling().maxCompletionLength()));
    return facts;
  }

  @Override
  public List<String> printed() {
    return RoundMetrics.PRINTED;
  }

  /** The round that a step trains on. */
  int roundOf(TrainingPlan plan, int step) {
    return plan.microStepsBefore(step) / batch.microSteps();
  }

  /** The first round that is drawn for a step or a later one. */
  int firstRoundFrom(TrainingPlan plan, int step) {
    int microSteps = batch.microSteps();
    return (plan.microStepsBefore(step) + microSteps - 1) / microSteps;
  }

  /**
   * The step after the last one of the round that begins with step {@code first}.
   *
   * @throws ConfigException if rounds and steps do not begin together
   */
  int endOfRound(TrainingPlan plan, int first) {
    int microSteps = batch.microSteps();
    ConfigException.require(
        microSteps % batch.accumulation() == 0 && plan.microStepsBefore(first) % microSteps == 0,
        Flags.GRADIENT_ACCUMULATION_STEPS,
        batch.accumulation(),
        "a round of %s micro-batches must be a whole number of steps for update to take it alone; set it to a divisor, or run grpo"
            .formatted(microSteps));
    return Math.min(plan.totalSteps(), first + microSteps / batch.accumulation());
  }

  /** Refuses prompts that leave no room for a whole completion in the model's context. */
  void requireRoom(List<Prompt> prompts, DecoderConfig model) {
    int completion = rounds.sampling().maxCompletionLength();
    int room = model.maxPositionEmbeddings() - completion;
    long tooLong = prompts.stream().filter(prompt -> prompt.tokens().length > room).count();
    ConfigException.require(
        tooLong == 0,
        Flags.MAX_COMPLETION_LENGTH,
        completion,
        "%s of %s prompts leave no room for it in the %s tokens that the model was made for; lower it, or leave such prompts out with --max_prompt_length %s"
            .formatted(tooLong, prompts.size(), model.maxPositionEmbeddings(), Math.max(1, room)));
    ContextLength context = new ContextLength(model);
    prompts.forEach(prompt -> context.check(prompt.id(), prompt.tokens().length, completion));
  }

  /** Refuses prompts of which none has a solution, if a reward needs one. */
  void requireSolutions(List<Prompt> prompts) {
    if (rewards.teacher().isPresent()) {
      return; // rewards are only logged
    }
    rewards
        .functions()
        .requireSolutions(
            prompts.stream().anyMatch(prompt -> prompt.solution().isPresent()),
            "none of the %s prompts has one; name a dataset with a column solution, final_answer or answer, or other rewards"
                .formatted(prompts.size()));
  }

  /** The record of a user's settings. */
  public static GrpoConfig of(Settings settings) {
    return of(settings, Set.of());
  }

  /** The record of a user's settings; an external judge gives the rewards of these names. */
  public static GrpoConfig of(Settings given, Set<String> givenRewards) {
    Settings settings = Teacher.completed(given);
    String prompts =
        settings
            .find(Flags.PROMPTS_DIR)
            .orElseGet(() -> OutputFolder.named(settings.get(Flags.OUTPUT_DIR)) + ".prompts");
    TrainingSettings training = TrainingSettings.of(settings);
    return new GrpoConfig(
        training,
        PrepSettings.prompts(settings, Flags.DATASET_TRAIN_SPLIT, prompts),
        settings.get(Flags.SHUFFLE_DATASET) ? RowOrder.RANDOM : RowOrder.SEQUENTIAL,
        RoundSteps.of(settings),
        Rounds.of(settings),
        new Rewards(
            RewardSettings.functions(settings, givenRewards),
            RewardSettings.advantages(settings),
            ModelReference.of(settings, Flags.TEACHER_MODEL_NAME_OR_PATH)
                .map(teacher -> ModelConfig.of(settings).of(teacher))),
        ModelConfig.checked(() -> loss(settings)),
        SamplerCorrection.of(settings),
        GrpoEvaluation.Config.of(settings, training.evaluation(), prompts),
        CompletionsLog.of(settings));
  }

  private static GrpoLossConfig loss(Settings settings) {
    double epsilon = settings.get(Flags.EPSILON);
    return new GrpoLossConfig(
        new GrpoLossConfig.Reduction(
            settings.get(Flags.LOSS_TYPE, GrpoLossConfig.LossType.class),
            settings.get(Flags.MAX_COMPLETION_LENGTH)),
        new GrpoLossConfig.Ratio(
            settings.get(Flags.IMPORTANCE_SAMPLING_LEVEL, GrpoLossConfig.Level.class),
            epsilon,
            settings.find(Flags.EPSILON_HIGH).orElse(epsilon),
            settings.find(Flags.DELTA).orElse(Double.POSITIVE_INFINITY),
            settings.find(Flags.OFF_POLICY_MASK_THRESHOLD).orElse(Double.POSITIVE_INFINITY)),
        new GrpoLossConfig.Divergence(
            settings.get(Flags.BETA), settings.get(Flags.USE_BIAS_CORRECTION_KL)),
        new GrpoLossConfig.Soft(
            new GrpoLossConfig.Sapo(
                settings.get(Flags.SAPO_TEMPERATURE_POS), settings.get(Flags.SAPO_TEMPERATURE_NEG)),
            new GrpoLossConfig.Vespo(
                settings.get(Flags.VESPO_K_POS),
                settings.get(Flags.VESPO_LAMBDA_POS),
                settings.get(Flags.VESPO_K_NEG),
                settings.get(Flags.VESPO_LAMBDA_NEG))),
        settings.get(Flags.TOP_ENTROPY_QUANTILE),
        settings.get(Flags.TEMPERATURE).floatValue());
  }
}
