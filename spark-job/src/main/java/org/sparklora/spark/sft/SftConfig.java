package org.sparklora.spark.sft;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.sparklora.model.engine.DType;
import org.sparklora.model.lora.LoraConfig;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.OptimizerConfig;
import org.sparklora.pipeline.config.ScheduleConfig;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.model.ModelReference;
import org.sparklora.prep.PrepConfig;
import org.sparklora.spark.prep.PrepSettings;
import org.sparklora.spark.run.CheckpointConfig;
import org.sparklora.spark.run.EvalSchedule;
import org.sparklora.spark.run.ModelCard;
import org.sparklora.spark.run.ModelConfig;
import org.sparklora.spark.run.OutputConfig;
import org.sparklora.spark.run.TrainingConfig;
import org.sparklora.spark.run.TrainingSettings;
import org.sparklora.spark.train.RowOrder;
import org.sparklora.spark.train.TrainerState;
import org.sparklora.spark.train.TrainingPlan;

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
    ModelConfig model,
    PrepConfig data,
    Optional<LoraConfig> lora,
    Optional<ModelReference> startAdapter,
    OptimizerConfig optimizer,
    ScheduleConfig schedule,
    Batch batch,
    Sync sync,
    OutputConfig output,
    CheckpointConfig checkpoints,
    EvalConfig evaluation,
    String effectiveYaml)
    implements TrainingConfig {
  private static final List<String> PRINTED =
      Stream.of(
              List.of(
                  "loss",
                  "grad_norm",
                  "learning_rate",
                  "entropy",
                  "mean_token_accuracy",
                  "num_tokens"),
              TrainerState.EVAL_METRICS,
              List.of("epoch"))
          .flatMap(List::stream)
          .toList();

  @Override
  public ModelCard.Method method() {
    return ModelCard.Method.SFT;
  }

  @Override
  public EvalSchedule evalSchedule() {
    return evaluation.schedule();
  }

  @Override
  public boolean loadsBest() {
    return evaluation.best().filter(EvalConfig.Best::load).isPresent();
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
  public String dataset() {
    return data.source().dataset();
  }

  @Override
  public Map<String, String> facts(TrainerState state) {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("steps", "%d".formatted(state.sums().steps()));
    facts.put("tokens", "%,d".formatted(state.sums().tokens()));
    facts.put("mean loss", "%.4f".formatted(state.trainLoss()));
    facts.put(
        "learning rate", "%s, %s".formatted(optimizer.learningRate(), schedule.type().flag()));
    facts.put("batch", "%d rows × %d micro-batches".formatted(batch.rows(), batch.accumulation()));
    return facts;
  }

  @Override
  public List<String> printed() {
    return PRINTED;
  }

  /** Which of so many rows are trained on in which step; workers that average step on their own. */
  TrainingPlan plan(int rows, int workers) {
    return new TrainingPlan(
        rows,
        batch.rows(),
        batch.accumulation(),
        sync.averages() ? workers : 1,
        batch.epochs(),
        batch.maxSteps(),
        batch.order(),
        batch.dataSeed());
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

    /** Whether workers step on their own, and parameters are averaged. */
    boolean averages() {
      return mode == Mode.PARAMETERS;
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

  /** The records of a user's settings. */
  public static SftConfig of(Settings settings) {
    settings.oneOf("loss_type", List.of("nll", "chunked_nll"));
    String outputFolder = settings.requiredText("output_dir");
    String packedFolder = settings.text("packed_dir").orElse(outputFolder + ".packed");
    CheckpointConfig checkpoints = CheckpointConfig.of(settings);
    return new SftConfig(
        ModelConfig.of(
            settings,
            settings.optionalSwitch("bf16").orElse(false) ? DType.BFLOAT16 : DType.FLOAT32),
        replacing(settings, PrepSettings.of(settings, packedFolder)),
        TrainingSettings.lora(settings),
        ModelReference.of(settings, Flags.ADAPTER_NAME_OR_PATH),
        TrainingSettings.optimizer(settings),
        TrainingSettings.schedule(settings),
        batch(settings),
        sync(settings),
        OutputConfig.of(settings, outputFolder),
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
}
