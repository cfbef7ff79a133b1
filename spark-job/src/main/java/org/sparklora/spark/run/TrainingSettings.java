package org.sparklora.spark.run;

import java.util.List;
import java.util.Optional;
import org.sparklora.model.lora.LoraConfig;
import org.sparklora.model.lora.LoraTargets;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.OptimizerConfig;
import org.sparklora.pipeline.config.ScheduleConfig;
import org.sparklora.pipeline.config.Settings;

/** What is trained and how, of the flags that {@code sft} and {@code grpo} share. */
public final class TrainingSettings {
  /**
   * PEFT's choice for all supported architectures where {@code lora_target_modules} is not given.
   */
  private static final List<String> PEFT_DEFAULT_TARGETS = List.of("q_proj", "v_proj");

  private TrainingSettings() {}

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
    return Optional.of(
        ModelSettings.of(
            () ->
                new LoraConfig(
                    settings.get(Flags.LORA_R),
                    settings.get(Flags.LORA_ALPHA),
                    settings.get(Flags.LORA_DROPOUT),
                    settings.get(Flags.USE_RSLORA),
                    targets)));
  }

  /** AdamW of a user's settings. */
  public static OptimizerConfig optimizer(Settings settings) {
    return new OptimizerConfig(
        settings.get(Flags.LEARNING_RATE),
        settings.get(Flags.ADAM_BETA1),
        settings.get(Flags.ADAM_BETA2),
        settings.get(Flags.ADAM_EPSILON),
        settings.get(Flags.WEIGHT_DECAY),
        settings.get(Flags.MAX_GRAD_NORM));
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
    return new ScheduleConfig(
        settings.get(Flags.LR_SCHEDULER_TYPE, ScheduleConfig.Type.class),
        ratio == 0 ? steps : ratio);
  }
}
