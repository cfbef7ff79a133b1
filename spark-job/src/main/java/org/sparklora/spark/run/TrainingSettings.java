package org.sparklora.spark.run;

import java.util.List;
import java.util.Optional;
import org.sparklora.model.lora.LoraConfig;
import org.sparklora.model.lora.LoraTargets;
import org.sparklora.pipeline.config.ConfigException;
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
    if (!settings.isOn("use_peft")) {
      ConfigException.require(
          settings.text("adapter_name_or_path").isEmpty(),
          "adapter_name_or_path",
          settings.text("adapter_name_or_path").orElse(""),
          "an adapter is trained only with --use_peft");
      return Optional.empty();
    }
    List<String> given = settings.values("lora_target_modules");
    LoraTargets targets =
        given.isEmpty() ? LoraTargets.names(PEFT_DEFAULT_TARGETS) : LoraTargets.ofFlag(given);
    return Optional.of(
        ModelSettings.of(
            () ->
                new LoraConfig(
                    settings.integer("lora_r"),
                    settings.integer("lora_alpha"),
                    settings.number("lora_dropout"),
                    settings.isOn("use_rslora"),
                    targets)));
  }

  /** AdamW of a user's settings. */
  public static OptimizerConfig optimizer(Settings settings) {
    settings.oneOf("optim", List.of("adamw_torch_fused", "adamw_torch"));
    return new OptimizerConfig(
        settings.number("learning_rate"),
        settings.number("adam_beta1"),
        settings.number("adam_beta2"),
        settings.number("adam_epsilon"),
        settings.number("weight_decay"),
        settings.number("max_grad_norm"));
  }

  /** The learning rate's schedule of a user's settings. */
  public static ScheduleConfig schedule(Settings settings) {
    double steps = settings.number("warmup_steps");
    double ratio = settings.isGiven("warmup_ratio") ? settings.number("warmup_ratio") : 0;
    ConfigException.require(
        ratio >= 0 && ratio < 1, "warmup_ratio", ratio, "it is a share of all steps, in [0, 1)");
    ConfigException.require(
        ratio == 0 || steps == 0,
        "warmup_ratio",
        ratio,
        "warmup_steps = %s says otherwise; leave one of them out".formatted(steps));
    return new ScheduleConfig(
        ScheduleConfig.Type.of(settings.requiredText("lr_scheduler_type")),
        ratio == 0 ? steps : ratio);
  }
}
