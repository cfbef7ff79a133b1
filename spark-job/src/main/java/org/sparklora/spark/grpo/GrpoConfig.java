package org.sparklora.spark.grpo;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.engine.DType;
import org.sparklora.model.generate.SamplingConfig;
import org.sparklora.model.lora.LoraConfig;
import org.sparklora.model.loss.GrpoLossConfig;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.OptimizerConfig;
import org.sparklora.pipeline.config.ScheduleConfig;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.model.ModelReference;
import org.sparklora.pipeline.table.Prompt;
import org.sparklora.prep.PromptsConfig;
import org.sparklora.reward.job.RewardConfig;
import org.sparklora.spark.generate.GenerateConfig;
import org.sparklora.spark.generate.PromptOrder;
import org.sparklora.spark.prep.PromptSettings;
import org.sparklora.spark.run.CheckpointConfig;
import org.sparklora.spark.run.EvalSchedule;
import org.sparklora.spark.run.ModelCard;
import org.sparklora.spark.run.ModelConfig;
import org.sparklora.spark.run.ModelSettings;
import org.sparklora.spark.run.OutputConfig;
import org.sparklora.spark.run.TrainingConfig;
import org.sparklora.spark.run.TrainingSettings;
import org.sparklora.spark.train.RowOrder;
import org.sparklora.spark.train.TrainerState;
import org.sparklora.spark.train.TrainingPlan;

/**
 * Everything {@code grpo} needs to know.
 *
 * @param model the base model
 * @param prompts where prompts come from
 * @param lora the adapter; empty trains all weights
 * @param startAdapter an adapter to go on from
 * @param batch steps, and how they mesh with generation
 * @param sampling how completions are drawn, still without the tokens that end one
 * @param loss the policy loss
 * @param rewards what judges completions
 * @param advantages how rewards become advantages
 * @param dynamicSampling whether groups without signal give way to others
 * @param maxLogProbDifference {@code max_logprob_difference}: by how much sampler and learner may
 *     disagree on a token, on average, in nats
 * @param workers {@code num_workers}: executors that work; none given: all there are
 * @param roundsKept {@code rounds_total_limit}: rounds whose tables stay; none given: all
 * @param evaluation of the test split
 * @param completions which completions are logged
 * @param output where results go and what is logged
 * @param checkpoints what is saved on the way, and where the run goes on
 * @param effectiveYaml all settings as {@code --config} reads them
 */
public record GrpoConfig(
    ModelConfig model,
    Prompts prompts,
    Optional<LoraConfig> lora,
    Optional<ModelReference> startAdapter,
    OptimizerConfig optimizer,
    ScheduleConfig schedule,
    Batch batch,
    SamplingConfig sampling,
    GrpoLossConfig loss,
    RewardConfig.Functions rewards,
    RewardConfig.Advantages advantages,
    DynamicSampling dynamicSampling,
    double maxLogProbDifference,
    Optional<Integer> workers,
    OptionalInt roundsKept,
    GrpoEvaluation.Config evaluation,
    CompletionsLog completions,
    OutputConfig output,
    CheckpointConfig checkpoints,
    String effectiveYaml)
    implements TrainingConfig {

  public GrpoConfig {
    ConfigException.require(
        batch.generationSize() % sampling.numGenerations() == 0,
        "num_generations",
        sampling.numGenerations(),
        "it must divide generation_batch_size, which is %d".formatted(batch.generationSize()));
    ConfigException.require(
        sampling.numGenerations() >= 2,
        "num_generations",
        sampling.numGenerations(),
        "a completion is judged by its siblings, so there must be at least 2");
    ConfigException.require(
        maxLogProbDifference > 0,
        "max_logprob_difference",
        maxLogProbDifference,
        "it must be positive; 0.05 is usual");
    workers.ifPresent(
        count ->
            ConfigException.require(count >= 1, "num_workers", count, "at least one must work"));
    roundsKept.ifPresent(
        count ->
            ConfigException.require(
                count >= 1, "rounds_total_limit", count, "the newest round's tables always stay"));
  }

  /**
   * Further prompts in place of those whose completions all got the same reward.
   *
   * @param isOn {@code dynamic_sampling}
   * @param maxDraws {@code dynamic_sampling_max_draws}: batches of prompts that are drawn for a
   *     round at most
   */
  record DynamicSampling(boolean isOn, int maxDraws) {
    DynamicSampling {
      ConfigException.require(
          maxDraws >= 1,
          "dynamic_sampling_max_draws",
          maxDraws,
          "a round needs one batch of prompts at least");
    }
  }

  /**
   * Where prompts come from.
   *
   * @param table the prompts table, or how it is made of a dataset
   * @param shuffled {@code shuffle_dataset}
   */
  record Prompts(PromptsConfig table, boolean shuffled) {
    public static Prompts of(Settings settings) {
      return new Prompts(
          PromptSettings.replacing(settings, PromptSettings.of(settings, promptsFolder(settings))),
          settings.isOn("shuffle_dataset"));
    }
  }

  private static String promptsFolder(Settings settings) {
    return settings
        .text("prompts_dir")
        .orElseGet(() -> settings.requiredText("output_dir") + ".prompts");
  }

  /**
   * Steps, and how they mesh with generation.
   *
   * @param rows {@code per_device_train_batch_size}: completions of a micro-batch
   * @param accumulation {@code gradient_accumulation_steps}
   * @param stepsPerGeneration {@code steps_per_generation}: micro-batches of a round
   * @param iterations {@code num_iterations}: how often a round is trained on
   * @param maskTruncated {@code mask_truncated_completions}
   */
  record Batch(
      int rows,
      int accumulation,
      int stepsPerGeneration,
      int iterations,
      boolean maskTruncated,
      double epochs,
      int maxSteps,
      long seed,
      long dataSeed) {
    Batch {
      atLeastOne("per_device_train_batch_size", rows);
      atLeastOne("gradient_accumulation_steps", accumulation);
      atLeastOne("steps_per_generation", stepsPerGeneration);
      atLeastOne("num_iterations", iterations);
      ConfigException.require(
          epochs > 0 || maxSteps > 0,
          "num_train_epochs",
          epochs,
          "it must be positive, or max_steps must be");
    }

    private static void atLeastOne(String name, int value) {
      ConfigException.require(value >= 1, name, value, "it must be at least 1");
    }

    public static Batch of(Settings settings) {
      int rows = settings.integer("per_device_train_batch_size");
      int seed = settings.integer("seed");
      return new Batch(
          rows,
          settings.integer("gradient_accumulation_steps"),
          stepsPerGeneration(settings, rows),
          settings.integer("num_iterations"),
          settings.isOn("mask_truncated_completions"),
          settings.number("num_train_epochs"),
          settings.integer("max_steps"),
          seed,
          settings.optionalInteger("data_seed").orElse(seed));
    }

    private static int stepsPerGeneration(Settings settings, int rows) {
      Optional<Integer> steps = settings.optionalInteger("steps_per_generation");
      Optional<Integer> size = settings.optionalInteger("generation_batch_size");
      size.ifPresent(
          completions -> {
            ConfigException.require(
                steps.isEmpty(),
                "generation_batch_size",
                completions,
                "steps_per_generation says the same; leave one of them out");
            ConfigException.require(
                completions >= 1 && completions % Math.max(1, rows) == 0,
                "generation_batch_size",
                completions,
                "it must be a multiple of per_device_train_batch_size, which is %d"
                    .formatted(rows));
          });
      return size.map(completions -> completions / rows)
          .or(() -> steps)
          .orElse(settings.integer("gradient_accumulation_steps"));
    }

    /** Completions of a round. */
    int generationSize() {
      return rows * stepsPerGeneration;
    }

    GrpoLoop.Shape shape() {
      return new GrpoLoop.Shape(stepsPerGeneration, iterations);
    }
  }

  /** Which prompts each round has. */
  PromptOrder promptOrder(int prompts) {
    return new PromptOrder(
        prompts,
        batch.generationSize() / sampling.numGenerations(),
        this.prompts.shuffled() ? RowOrder.RANDOM : RowOrder.SEQUENTIAL,
        batch.dataSeed());
  }

  /** Steps over micro-steps, of which each round of an epoch has as many as slices × iterations. */
  TrainingPlan plan(PromptOrder order) {
    return new TrainingPlan(
        Math.multiplyExact(order.roundsPerEpoch(), batch.shape().microSteps()),
        1,
        batch.accumulation(),
        1,
        batch.epochs(),
        batch.maxSteps(),
        RowOrder.SEQUENTIAL,
        batch.dataSeed());
  }

  @Override
  public ModelCard.Method method() {
    return ModelCard.Method.GRPO;
  }

  @Override
  public EvalSchedule evalSchedule() {
    return evaluation.schedule();
  }

  @Override
  public long seed() {
    return batch.seed();
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
  public String dataset() {
    return prompts.table().source().dataset();
  }

  @Override
  public Map<String, String> facts(TrainerState state) {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("steps", "%d".formatted(state.sums().steps()));
    facts.put("rewards", String.join(", ", rewards.names()));
    facts.put(
        "learning rate", "%s, %s".formatted(optimizer.learningRate(), schedule.type().flag()));
    facts.put(
        "round",
        "%d completions, %d of a prompt, %d tokens at most"
            .formatted(
                batch.generationSize(), sampling.numGenerations(), sampling.maxCompletionLength()));
    return facts;
  }

  @Override
  public List<String> printed() {
    return RoundMetrics.PRINTED;
  }

  /** The round that a step trains on. */
  int roundOf(TrainingPlan plan, int step) {
    return plan.microStepsBefore(step) / batch.shape().microSteps();
  }

  /**
   * The step after the last one of the round that begins with a step.
   *
   * @throws ConfigException if rounds and steps do not begin together
   */
  int endOfRound(TrainingPlan plan, int first) {
    int microSteps = batch.shape().microSteps();
    ConfigException.require(
        microSteps % batch.accumulation() == 0 && plan.microStepsBefore(first) % microSteps == 0,
        "gradient_accumulation_steps",
        batch.accumulation(),
        "a round of %d micro-batches must be a whole number of steps for update to take it alone; set it to a divisor, or run grpo"
            .formatted(microSteps));
    return Math.min(plan.totalSteps(), first + microSteps / batch.accumulation());
  }

  /** Refuses prompts so long that the model could not see a whole completion after them. */
  void requireRoom(List<Prompt> prompts, DecoderConfig model) {
    int room = model.maxPositionEmbeddings() - sampling.maxCompletionLength();
    long tooLong = prompts.stream().filter(prompt -> prompt.tokens().length > room).count();
    ConfigException.require(
        tooLong == 0,
        "max_completion_length",
        sampling.maxCompletionLength(),
        "%d of %d prompts leave no room for it in the %d tokens that the model was made for; lower it, or leave such prompts out with --max_prompt_length %d"
            .formatted(tooLong, prompts.size(), model.maxPositionEmbeddings(), Math.max(1, room)));
  }

  /** Refuses prompts of which none has what a reward compares answers with. */
  void requireSolutions(List<Prompt> prompts) {
    rewards.requireSolutions(
        prompts.stream().anyMatch(prompt -> prompt.solution().isPresent()),
        "none of the %d prompts has one; name a dataset with a column solution, final_answer or answer, or other rewards"
            .formatted(prompts.size()));
  }

  /** The records of a user's settings. */
  public static GrpoConfig of(Settings settings) {
    return new GrpoConfig(
        ModelConfig.of(settings, DType.FLOAT32),
        Prompts.of(settings),
        TrainingSettings.lora(settings),
        ModelReference.of(settings, Flags.ADAPTER_NAME_OR_PATH),
        TrainingSettings.optimizer(settings),
        TrainingSettings.schedule(settings),
        Batch.of(settings),
        GenerateConfig.sampling(settings),
        ModelSettings.of(() -> loss(settings)),
        RewardSettings.functions(settings),
        RewardSettings.advantages(settings),
        new DynamicSampling(
            settings.isOn("dynamic_sampling"), settings.integer("dynamic_sampling_max_draws")),
        settings.number("max_logprob_difference"),
        settings.optionalInteger("num_workers"),
        settings.optionalInteger("rounds_total_limit").stream().mapToInt(n -> n).findFirst(),
        GrpoEvaluation.Config.of(settings, promptsFolder(settings)),
        CompletionsLog.of(settings),
        OutputConfig.of(settings, settings.requiredText("output_dir")),
        CheckpointConfig.of(settings),
        settings.toYaml());
  }

  private static GrpoLossConfig loss(Settings settings) {
    double epsilon = settings.number("epsilon");
    return new GrpoLossConfig(
        new GrpoLossConfig.Reduction(
            settings.oneOf("loss_type", GrpoLossConfig.LossType.class),
            settings.integer("max_completion_length")),
        new GrpoLossConfig.Ratio(
            settings.oneOf("importance_sampling_level", GrpoLossConfig.Level.class),
            epsilon,
            settings.text("epsilon_high").map(Double::valueOf).orElse(epsilon),
            settings.text("delta").map(Double::valueOf).orElse(Double.POSITIVE_INFINITY)),
        new GrpoLossConfig.Divergence(
            settings.number("beta"), settings.isOn("use_bias_correction_kl")),
        new GrpoLossConfig.Sapo(
            settings.number("sapo_temperature_pos"), settings.number("sapo_temperature_neg")),
        settings.number("top_entropy_quantile"),
        (float) settings.number("temperature"));
  }
}
