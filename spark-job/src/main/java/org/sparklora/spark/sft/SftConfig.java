package org.sparklora.spark.sft;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flag;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.run.OutputFolder;
import org.sparklora.prep.PrepConfig;
import org.sparklora.prep.settings.PrepSettings;
import org.sparklora.spark.run.ModelCard;
import org.sparklora.spark.run.TrainingConfig;
import org.sparklora.spark.run.TrainingSettings;
import org.sparklora.train.RowOrder;
import org.sparklora.train.TrainerState;
import org.sparklora.train.TrainingPlan;
import org.sparklora.train.step.AveragingSettings;
import org.sparklora.train.vector.VectorType;
import org.sparklora.train.workers.LocalWorkers;
import org.sparklora.train.workers.Workers;

/**
 * The settings of {@code sft}.
 *
 * @param table how to make packed rows from the dataset
 * @param evaluation during training
 * @param isDynamic {@code loss_type} is {@code dft}
 */
public record SftConfig(
    TrainingSettings training,
    PrepConfig table,
    Batch batch,
    Sync sync,
    EvalConfig evaluation,
    boolean isDynamic)
    implements TrainingConfig {
  private static final List<Flag<?>> OF_AVERAGES =
      List.of(
          Flags.OUTER_OPTIMIZER,
          Flags.OUTER_LEARNING_RATE,
          Flags.OUTER_MOMENTUM,
          Flags.INNER_MOMENTS,
          Flags.DEAL_BY_SPEED);

  private static final List<String> PRINTED =
      Stream.of(
              List.of(
                  "loss",
                  "grad_norm",
                  "learning_rate",
                  "entropy",
                  "aux_loss",
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
  public boolean loadsBest() {
    return evaluation.best().filter(EvalConfig.Best::load).isPresent();
  }

  @Override
  public int microBatchRows() {
    return batch.rows();
  }

  @Override
  public Optional<PrepConfig> testTable() {
    return evaluation.data();
  }

  @Override
  public Map<String, String> facts(TrainerState state) {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("steps", "%s".formatted(state.sums().steps()));
    facts.put("tokens", String.format(Locale.ROOT, "%,d", state.sums().tokens()));
    facts.put("mean loss", String.format(Locale.ROOT, "%.4f", state.trainLoss()));
    facts.put(
        "learning rate", "%s, %s".formatted(optimizer().learningRate(), schedule().type().flag()));
    facts.put("batch", "%s rows × %s micro-batches".formatted(batch.rows(), batch.accumulation()));
    return facts;
  }

  @Override
  public List<String> printed() {
    return PRINTED;
  }

  /** The rows of each step; workers whose parameters are averaged take steps of their own. */
  TrainingPlan plan(int rows, int workers) {
    return new TrainingPlan(
        rows,
        batch.rows(),
        batch.accumulation(),
        sync.networks(workers),
        course().epochs(),
        course().maxSteps(),
        batch.order(),
        course().dataSeed());
  }

  /**
   * @param rows {@code per_device_train_batch_size}
   * @param accumulation {@code gradient_accumulation_steps}
   * @param order {@code train_sampling_strategy}
   * @param checkMemory {@code check_memory}: whether to refuse batches too large for the memory
   */
  public record Batch(int rows, int accumulation, RowOrder order, boolean checkMemory) {}

  /**
   * How executors are synchronised.
   *
   * @param averaging of parameters, by workers that take steps of their own; empty if gradients are
   *     summed
   */
  public record Sync(Optional<AveragingSettings> averaging, Optional<Integer> workers) {
    /** {@code --sync}. */
    public enum Mode {
      PARAMETERS,
      GRADIENTS
    }

    /** Networks of one process with {@code count} workers: averaging workers have one each. */
    int networks(int count) {
      return averaging.isPresent() ? count : 1;
    }

    /**
     * @throws ConfigException if {@code averaging_dtype} is not float32, but nothing is sent
     */
    void requireSent(Workers workers) {
      averaging
          .filter(averages -> !averages.hasOuterStep() && workers instanceof LocalWorkers)
          .ifPresent(
              averages ->
                  ConfigException.require(
                      averages.onWire() == VectorType.FLOAT32,
                      Flags.AVERAGING_DTYPE,
                      averages.onWire().name().toLowerCase(Locale.ROOT),
                      "in local mode one process does all work, and nothing is sent; leave it out, or name a cluster with --master"));
    }

    /** Bytes that the driver receives in a round: averaged vectors, or a gradient. */
    long resultBytes(long parameters) {
      return averaging.map(of -> of.bytes(parameters)).orElse(Float.BYTES * parameters);
    }
  }

  /** The record of a user's settings. */
  public static SftConfig of(Settings settings) {
    String packedFolder =
        settings
            .find(Flags.PACKED_DIR)
            .orElseGet(() -> OutputFolder.named(settings.get(Flags.OUTPUT_DIR)) + ".packed");
    TrainingSettings training = TrainingSettings.of(settings);
    return new SftConfig(
        training,
        PrepSettings.packed(settings, Flags.DATASET_TRAIN_SPLIT, packedFolder),
        new Batch(
            settings.get(Flags.PER_DEVICE_TRAIN_BATCH_SIZE),
            settings.get(Flags.GRADIENT_ACCUMULATION_STEPS),
            settings.get(Flags.TRAIN_SAMPLING_STRATEGY, RowOrder.class),
            settings.get(Flags.CHECK_MEMORY)),
        sync(settings),
        EvalConfig.of(settings, training, packedFolder),
        settings.get(Flags.LOSS_TYPE).equals("dft"));
  }

  private static Sync sync(Settings settings) {
    Optional<Integer> workers = settings.find(Flags.NUM_WORKERS);
    if (settings.get(Flags.SYNC, Sync.Mode.class) == Sync.Mode.PARAMETERS) {
      return new Sync(Optional.of(AveragingSettings.of(settings)), workers);
    }
    settings.requireDefaults(
        OF_AVERAGES,
        "--sync gradients makes one update for each global batch, and averages nothing; leave it out, or use --sync parameters");
    return new Sync(Optional.empty(), workers);
  }
}
