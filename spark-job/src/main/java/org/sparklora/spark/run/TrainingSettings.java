package org.sparklora.spark.run;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.sparklora.model.lora.LoraConfig;
import org.sparklora.model.lora.LoraTargets;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flag;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.OptimizerConfig;
import org.sparklora.pipeline.config.ScheduleConfig;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.model.ModelReference;
import org.sparklora.train.resume.RunFingerprint;

/**
 * The settings that {@code sft} and {@code grpo} share.
 *
 * @param model the base model
 * @param lora the adapter; empty trains all weights
 * @param startAdapter an adapter to continue, if set
 * @param routerWeight weight of the routers' auxiliary loss, if set
 * @param given names of the flags that the user has set
 * @param course length of the training and random seeds
 * @param output where results go and what is logged
 * @param checkpoints when checkpoints are saved, and which one the run resumes from
 * @param evaluation when the run is evaluated
 * @param declared the settings' part of the run's fingerprint
 * @param effectiveYaml all settings as {@code --config} reads them
 */
public record TrainingSettings(
    ModelConfig model,
    Optional<LoraConfig> lora,
    Optional<ModelReference> startAdapter,
    Optional<Double> routerWeight,
    Set<String> given,
    OptimizerConfig optimizer,
    ScheduleConfig schedule,
    Length course,
    OutputConfig output,
    CheckpointConfig checkpoints,
    EvalSchedule evaluation,
    RunFingerprint declared,
    String effectiveYaml) {
  /** PEFT's default of {@code lora_target_modules} for all supported architectures. */
  private static final List<String> PEFT_DEFAULT_TARGETS = List.of("q_proj", "v_proj");

  /**
   * Length of a training and its random seeds.
   *
   * @param epochs {@code num_train_epochs}
   * @param maxSteps {@code max_steps}; not positive: the epochs decide
   * @param seed {@code seed}: of a new adapter, dropout, and the order of GRPO's prompts and rows
   * @param dataSeed {@code data_seed}: of the order of rows
   */
  public record Length(double epochs, int maxSteps, long seed, long dataSeed) {
    public Length {
      ConfigException.require(
          epochs > 0 || maxSteps > 0,
          Flags.NUM_TRAIN_EPOCHS,
          epochs,
          "it must be positive, or %s must be".formatted(Flags.MAX_STEPS));
    }
  }

  public static TrainingSettings of(Settings settings) {
    return new TrainingSettings(
        ModelConfig.of(settings),
        lora(settings),
        ModelReference.of(settings, Flags.ADAPTER_NAME_OR_PATH),
        settings.find(Flags.ROUTER_AUX_LOSS_COEF),
        settings.given(),
        new OptimizerConfig(
            settings.get(Flags.LEARNING_RATE),
            settings.get(Flags.ADAM_BETA1),
            settings.get(Flags.ADAM_BETA2),
            settings.get(Flags.ADAM_EPSILON),
            settings.get(Flags.WEIGHT_DECAY),
            settings.get(Flags.MAX_GRAD_NORM)),
        schedule(settings),
        new Length(
            settings.get(Flags.NUM_TRAIN_EPOCHS),
            settings.get(Flags.MAX_STEPS),
            settings.get(Flags.SEED),
            settings.find(Flags.DATA_SEED).orElse(settings.get(Flags.SEED))),
        OutputConfig.of(settings, settings.get(Flags.OUTPUT_DIR)),
        CheckpointConfig.of(settings),
        EvalSchedule.of(settings),
        new RunFingerprint(settings.fixed(), settings.changeable()),
        settings.toYaml());
  }

  /** The adapter of a user's settings; empty without {@code --use_peft}. */
  public static Optional<LoraConfig> lora(Settings settings) {
    if (!settings.get(Flags.USE_PEFT)) {
      ConfigException.require(
          settings.find(Flags.ADAPTER_NAME_OR_PATH).isEmpty(),
          Flags.ADAPTER_NAME_OR_PATH,
          settings.find(Flags.ADAPTER_NAME_OR_PATH).orElse(""),
          "an adapter is trained only with --use_peft");
      return Optional.empty();
    }
    LoraTargets targets =
        settings
            .find(Flags.LORA_TARGET_MODULES)
            .map(LoraTargets::ofFlag)
            .orElse(LoraTargets.names(PEFT_DEFAULT_TARGETS));
    Map<String, Integer> ranks =
        pattern(settings, Flags.LORA_RANK_PATTERN, Integer.class, rank -> rank);
    Map<String, Double> alphas =
        pattern(settings, Flags.LORA_ALPHA_PATTERN, Number.class, Number::doubleValue);
    LoraConfig lora =
        ModelConfig.checked(
            () ->
                new LoraConfig(
                    settings.get(Flags.LORA_R),
                    settings.get(Flags.LORA_ALPHA),
                    settings.get(Flags.LORA_DROPOUT),
                    settings.get(Flags.USE_RSLORA),
                    targets,
                    new LoraConfig.Patterns(ranks, alphas)));
    return Optional.of(
        settings.find(Flags.LORA_RANK_PER_EXPERT).map(lora::withExpertRank).orElse(lora));
  }

  private static <N extends Number, T> Map<String, T> pattern(
      Settings settings, Flag<String> flag, Class<N> kind, Function<N, T> value) {
    Map<String, T> pattern = new LinkedHashMap<>();
    for (Map.Entry<String, Object> of : settings.entries(flag).entrySet()) {
      ConfigException.require(
          kind.isInstance(of.getValue()) && kind.cast(of.getValue()).doubleValue() > 0,
          flag,
          of.getKey() + ": " + of.getValue(),
          "a positive number is expected, a whole one as a rank");
      pattern.put(of.getKey(), value.apply(kind.cast(of.getValue())));
    }
    return pattern;
  }

  /** The learning rate's schedule of a user's settings. */
  public static ScheduleConfig schedule(Settings settings) {
    double steps = settings.get(Flags.WARMUP_STEPS);
    double ratio = settings.find(Flags.WARMUP_RATIO).orElse(0.0);
    ConfigException.require(
        ratio == 0 || steps == 0,
        Flags.WARMUP_RATIO,
        ratio,
        "%s = %s says otherwise; leave one of them out".formatted(Flags.WARMUP_STEPS, steps));
    return ScheduleConfig.of(
        settings.get(Flags.LR_SCHEDULER_TYPE, ScheduleConfig.Type.class),
        ratio == 0 ? steps : ratio,
        settings.entries(Flags.LR_SCHEDULER_KWARGS),
        settings.get(Flags.LEARNING_RATE));
  }
}
