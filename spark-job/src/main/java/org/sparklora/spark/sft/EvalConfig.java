package org.sparklora.spark.sft;

import java.util.Optional;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.prep.PrepConfig;
import org.sparklora.prep.settings.PrepSettings;
import org.sparklora.spark.run.CheckpointConfig;
import org.sparklora.spark.run.EvalSchedule;
import org.sparklora.spark.run.TrainingSettings;
import org.sparklora.train.Cadence;
import org.sparklora.train.TrainedModel;
import org.sparklora.train.TrainerState;

/**
 * Evaluation during training.
 *
 * @param batchRows {@code per_device_eval_batch_size}
 * @param data how to make packed rows from the test split; empty without evaluation
 * @param best how to find the best checkpoint; empty if not wanted
 */
public record EvalConfig(int batchRows, Optional<PrepConfig> data, Optional<Best> best) {

  /**
   * @param metric {@code metric_for_best_model}, with {@code eval_}
   * @param greaterIsBetter {@code greater_is_better}
   * @param load {@code load_best_model_at_end}
   */
  public record Best(String metric, boolean greaterIsBetter, boolean load) {
    public Best {
      ConfigException.require(
          TrainerState.EVAL_METRICS.contains(metric),
          Flags.METRIC_FOR_BEST_MODEL,
          metric,
          "an evaluation measures " + String.join(", ", TrainerState.EVAL_METRICS));
    }
  }

  static EvalConfig of(Settings settings, TrainingSettings training, String packedFolder) {
    EvalSchedule schedule = training.evaluation();
    CheckpointConfig saving = training.checkpoints();
    boolean savesBest = saving.unit() == Cadence.Unit.BEST;
    Optional<Best> best = best(settings, schedule.isOn(), savesBest);
    if (best.isPresent() && best.get().load() && !savesBest) {
      requireSavesWhatIsEvaluated(schedule, saving);
    }
    return new EvalConfig(
        settings.get(Flags.PER_DEVICE_EVAL_BATCH_SIZE),
        schedule.isOn()
            ? Optional.of(
                PrepSettings.packed(
                    settings,
                    Flags.DATASET_TEST_SPLIT,
                    PrepSettings.testFolder(settings, packedFolder)))
            : Optional.empty(),
        best);
  }

  /** Refuses a metric that evaluations of the model lack. */
  void requireMeasured(TrainedModel model) {
    ConfigException.require(
        model.supervised().routerWeight() > 0
            || best.filter(by -> by.metric().equals(TrainerState.EVAL_AUX_LOSS)).isEmpty(),
        Flags.METRIC_FOR_BEST_MODEL,
        TrainerState.EVAL_AUX_LOSS,
        "only a model with experts measures it, with router_aux_loss_coef above 0");
  }

  private static Optional<Best> best(Settings settings, boolean evaluates, boolean saves) {
    boolean load = settings.get(Flags.LOAD_BEST_MODEL_AT_END);
    Optional<String> named = settings.find(Flags.METRIC_FOR_BEST_MODEL);
    if (!load && !saves && named.isEmpty()) {
      return Optional.empty();
    }
    ConfigException.require(
        evaluates,
        saves
            ? Flags.SAVE_STRATEGY
            : load ? Flags.LOAD_BEST_MODEL_AT_END : Flags.METRIC_FOR_BEST_MODEL,
        saves ? "best" : load ? "true" : named.get(),
        "which checkpoint is best only an evaluation tells: set --eval_strategy");
    String metric = named.orElse("loss");
    return Optional.of(
        new Best(
            metric.startsWith("eval_") ? metric : "eval_" + metric,
            settings.find(Flags.GREATER_IS_BETTER).orElse(!metric.endsWith("loss")),
            load));
  }

  private static void requireSavesWhatIsEvaluated(EvalSchedule schedule, CheckpointConfig saving) {
    Cadence.Unit unit = schedule.unit();
    double steps = schedule.steps();
    ConfigException.require(
        saving.unit() == unit,
        Flags.LOAD_BEST_MODEL_AT_END,
        true,
        "a model can only be loaded if it was saved when it was evaluated: save_strategy and eval_strategy must be the same");
    double ratio = saving.steps() / steps;
    ConfigException.require(
        unit != Cadence.Unit.STEPS
            || (saving.steps() < 1) == (steps < 1) && Math.abs(ratio - Math.rint(ratio)) < 1e-9,
        Flags.SAVE_STEPS,
        saving.steps(),
        "with load_best_model_at_end it must be a multiple of eval_steps, which is " + steps);
  }
}
