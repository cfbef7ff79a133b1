package org.sparklora.spark.run;

import java.util.List;
import java.util.Map;
import org.sparklora.pipeline.config.OptimizerConfig;
import org.sparklora.pipeline.config.ScheduleConfig;
import org.sparklora.spark.train.TrainerState;
import org.sparklora.spark.train.TrainingPlan;

/** What a {@link TrainingRun} needs to know of its settings, whatever kind of training it is. */
public interface TrainingConfig {
  /** By which method the model is trained. */
  ModelCard.Method method();

  /** What all kinds of training have. */
  TrainingSettings training();

  /** The base model. */
  default ModelConfig model() {
    return training().model();
  }

  default OptimizerConfig optimizer() {
    return training().optimizer();
  }

  default ScheduleConfig schedule() {
    return training().schedule();
  }

  /** How long it goes on, and by which random numbers. */
  default TrainingCourse course() {
    return training().course();
  }

  /** When the model is evaluated. */
  EvalSchedule evalSchedule();

  /** Whether the results are those of the best checkpoint. */
  default boolean loadsBest() {
    return false;
  }

  /** What is saved on the way, and where the run goes on. */
  default CheckpointConfig checkpoints() {
    return training().checkpoints();
  }

  /** Where results go and what is logged. */
  default OutputConfig output() {
    return training().output();
  }

  /** {@code per_device_train_batch_size}. */
  int microBatchRows();

  /** Rows or completions that so many steps of a plan train on. */
  default double samples(TrainingPlan plan, int steps) {
    return plan.samples() * steps / plan.totalSteps();
  }

  /** What is trained on, as the user wrote it. */
  String dataset();

  /** Lines of the model card's table, by what they tell. */
  Map<String, String> facts(TrainerState state);

  /** What the terminal shows of a log row, in order. */
  List<String> printed();
}
