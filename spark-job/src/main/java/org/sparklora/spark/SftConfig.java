package org.sparklora.spark;

import java.util.List;
import java.util.Optional;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.engine.DType;
import org.sparklora.model.engine.Precision;
import org.sparklora.model.lora.LoraConfig;
import org.sparklora.model.lora.LoraTargets;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.OptimizerConfig;
import org.sparklora.pipeline.config.ScheduleConfig;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.model.ModelReference;
import org.sparklora.prep.PrepConfig;
import org.sparklora.spark.track.TrackedLog;
import org.sparklora.spark.track.TrackingConfig;
import org.sparklora.spark.train.Cadence;
import org.sparklora.spark.train.RowOrder;
import org.sparklora.spark.train.WeightDtype;
import org.sparklora.text.TokenizerDialect;

/**
 * Everything {@code sft} needs to know.
 *
 * @param model the base model
 * @param data how the dataset becomes packed rows
 * @param lora the adapter; empty trains all weights
 * @param startAdapter an adapter to go on from
 * @param batch rows, steps and their order
 * @param sync how executors are kept in step
 * @param output where results go and what is logged
 * @param checkpoints what is saved on the way, and where the run goes on
 * @param evaluation what is measured on the way
 * @param effectiveYaml all settings as {@code --config} reads them
 */
public record SftConfig(
    Model model,
    PrepConfig data,
    Optional<LoraConfig> lora,
    Optional<ModelReference> startAdapter,
    OptimizerConfig optimizer,
    ScheduleConfig schedule,
    Batch batch,
    Sync sync,
    Output output,
    CheckpointConfig checkpoints,
    EvalConfig evaluation,
    String effectiveYaml) {

  /**
   * PEFT's choice for all supported architectures where {@code lora_target_modules} is not given.
   */
  private static final List<String> PEFT_DEFAULT_TARGETS = List.of("q_proj", "v_proj");

  /**
   * The base model.
   *
   * @param reference {@code model_name_or_path}
   * @param dtype {@code dtype}
   * @param gradientCheckpointing {@code gradient_checkpointing}
   * @param dialect {@code tokenizer_dialect}
   * @param products the type of the operands of matrix products: bfloat16 with {@code bf16}
   */
  public record Model(
      ModelReference reference,
      WeightDtype dtype,
      boolean gradientCheckpointing,
      TokenizerDialect dialect,
      DType products) {

    /** What the user calls it. */
    public String name() {
      return reference.name();
    }

    /** The record of a user's settings, but for {@code bf16}, which not all commands have. */
    public static Model of(Settings settings, DType products) {
      return new Model(
          ModelReference.of(settings),
          WeightDtype.of(settings.oneOf("dtype", WeightDtype.NAMES)),
          settings.isOn("gradient_checkpointing"),
          settings.oneOf("tokenizer_dialect", TokenizerDialect.class),
          products);
    }

    /** The types of numbers for a model, whose config {@code dtype} may ask. */
    public Precision precision(DecoderConfig model) {
      return new Precision(dtype.of(model), products);
    }
  }

  /**
   * @param rows {@code per_device_train_batch_size}
   * @param accumulation {@code gradient_accumulation_steps}
   * @param epochs {@code num_train_epochs}
   * @param maxSteps {@code max_steps}; not positive: the epochs decide
   * @param order {@code train_sampling_strategy}
   * @param seed {@code seed}
   * @param dataSeed {@code data_seed}
   * @param checkMemory {@code check_memory}: whether batches for which memory lacks are refused
   */
  public record Batch(
      int rows,
      int accumulation,
      double epochs,
      int maxSteps,
      RowOrder order,
      long seed,
      long dataSeed,
      boolean checkMemory) {
    public Batch {
      ConfigException.require(
          rows >= 1, "per_device_train_batch_size", rows, "a micro-batch has at least one row");
      ConfigException.require(
          accumulation >= 1,
          "gradient_accumulation_steps",
          accumulation,
          "a step has at least one micro-batch");
      ConfigException.require(
          epochs > 0 || maxSteps > 0,
          "num_train_epochs",
          epochs,
          "it must be positive, or max_steps must be");
    }
  }

  /** How executors are kept in step. */
  public record Sync(Mode mode, int averagingFrequency, Optional<Integer> workers) {
    /** {@code --sync}. */
    public enum Mode {
      PARAMETERS,
      GRADIENTS
    }

    public Sync {
      ConfigException.require(
          averagingFrequency >= 1,
          "averaging_frequency",
          averagingFrequency,
          "it is a number of steps, at least 1");
      workers.ifPresent(
          count ->
              ConfigException.require(count >= 1, "num_workers", count, "at least one must train"));
    }
  }

  /**
   * @param folder {@code output_dir}
   * @param overwrite {@code overwrite_output_dir}
   * @param loggingSteps {@code logging_steps}; below 1 a share of all steps, 0 for no log rows
   * @param logFirstStep {@code logging_first_step}
   * @param runName {@code run_name}, or the output folder's name
   * @param showProgress not {@code disable_tqdm}
   * @param tracking who else is told of what is logged
   * @param push to the hub, if wanted
   */
  public record Output(
      String folder,
      boolean overwrite,
      double loggingSteps,
      boolean logFirstStep,
      String runName,
      boolean showProgress,
      TrackingConfig tracking,
      Optional<PushConfig> push) {
    public Output {
      ConfigException.require(
          loggingSteps >= 0,
          "logging_steps",
          loggingSteps,
          "it is a number of steps, or a share of them below 1");
    }

    /** The run that is logged, whose settings these are. */
    public TrackedLog.Run run(String effectiveYaml) {
      return new TrackedLog.Run(runName, tracking, effectiveYaml);
    }

    /** Whole steps between log rows, of a run with so many. */
    public int loggingSteps(int totalSteps) {
      return (int) (loggingSteps >= 1 ? loggingSteps : Math.ceil(loggingSteps * totalSteps));
    }
  }

  /** The records of a user's settings. */
  public static SftConfig of(Settings settings) {
    settings.oneOf("loss_type", List.of("nll", "chunked_nll"));
    String outputFolder = settings.requiredText("output_dir");
    String packedFolder = settings.text("packed_dir").orElse(outputFolder + ".packed");
    CheckpointConfig checkpoints = CheckpointConfig.of(settings);
    return new SftConfig(
        Model.of(
            settings,
            settings.optionalSwitch("bf16").orElse(false) ? DType.BFLOAT16 : DType.FLOAT32),
        replacing(settings, PrepSettings.of(settings, packedFolder)),
        lora(settings),
        ModelReference.of(settings, "adapter_name_or_path"),
        optimizer(settings),
        schedule(settings),
        batch(settings),
        sync(settings),
        output(settings, outputFolder),
        checkpoints,
        EvalConfig.of(settings, checkpoints, packedFolder),
        settings.toYaml());
  }

  /**
   * A table that lies in a folder which the user named is the user's; one in the run's own place is
   * an earlier run's, and replaced where its settings are others.
   */
  static PrepConfig replacing(Settings settings, PrepConfig data) {
    return data.into(data.outputFolder(), data.overwrite() || !settings.isGiven("packed_dir"));
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

  private static Batch batch(Settings settings) {
    String order = settings.oneOf("train_sampling_strategy", List.of("random", "sequential"));
    int seed = settings.integer("seed");
    return new Batch(
        settings.integer("per_device_train_batch_size"),
        settings.integer("gradient_accumulation_steps"),
        settings.number("num_train_epochs"),
        settings.integer("max_steps"),
        order.equals("random") ? RowOrder.RANDOM : RowOrder.SEQUENTIAL,
        seed,
        settings.optionalInteger("data_seed").orElse(seed),
        settings.isOn("check_memory"));
  }

  private static Sync sync(Settings settings) {
    String mode = settings.oneOf("sync", List.of("parameters", "gradients"));
    return new Sync(
        mode.equals("parameters") ? Sync.Mode.PARAMETERS : Sync.Mode.GRADIENTS,
        settings.integer("averaging_frequency"),
        settings.optionalInteger("num_workers"));
  }

  /** What is logged, and where results go, of a user's settings. */
  public static Output output(Settings settings, String folder) {
    String strategy = settings.oneOf("logging_strategy", List.of("steps", "no"));
    if (strategy.equals("steps")) {
      CheckpointConfig.requireInterval(
          "logging_steps", Cadence.Unit.STEPS, settings.number("logging_steps"));
    }
    return new Output(
        folder,
        settings.isOn("overwrite_output_dir"),
        strategy.equals("no") ? 0 : settings.number("logging_steps"),
        settings.isOn("logging_first_step"),
        settings.text("run_name").orElse(new org.apache.hadoop.fs.Path(folder).getName()),
        !settings.optionalSwitch("disable_tqdm").orElse(false),
        TrackingConfig.of(settings),
        PushConfig.of(settings, folder));
  }
}
