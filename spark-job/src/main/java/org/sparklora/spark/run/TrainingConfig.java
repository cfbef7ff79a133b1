package org.sparklora.spark.run;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.sparklora.pipeline.config.OptimizerConfig;
import org.sparklora.pipeline.config.ScheduleConfig;
import org.sparklora.pipeline.model.ModelReference;
import org.sparklora.prep.TableConfig;
import org.sparklora.train.TrainerState;
import org.sparklora.train.TrainingPlan;

/** The settings that a {@link TrainingRun} of any kind of training needs. */
public interface TrainingConfig {
  ModelCard.Method method();

  TrainingSettings training();

  default ModelConfig model() {
    return training().model();
  }

  /** The models and adapters that the run reads. */
  default Stream<ModelReference> models() {
    return Stream.concat(Stream.of(model().reference()), training().startAdapter().stream());
  }

  default OptimizerConfig optimizer() {
    return training().optimizer();
  }

  default ScheduleConfig schedule() {
    return training().schedule();
  }

  default TrainingSettings.Length course() {
    return training().course();
  }

  /** Whether each supervised target's loss is weighted by its probability. */
  default boolean isDynamic() {
    return false;
  }

  default EvalSchedule evalSchedule() {
    return training().evaluation();
  }

  /** Whether the results are those of the best checkpoint. */
  default boolean loadsBest() {
    return false;
  }

  default CheckpointConfig checkpoints() {
    return training().checkpoints();
  }

  default OutputConfig output() {
    return training().output();
  }

  /** {@code per_device_train_batch_size}. */
  int microBatchRows();

  /** Rows or completions that this number of steps of a plan trains on. */
  default double samples(TrainingPlan plan, int steps) {
    return plan.samples() * steps / plan.totalSteps();
  }

  /** How to make the table that is trained on from its dataset. */
  TableConfig table();

  /** How to make the table of the split to evaluate on; empty without evaluation. */
  Optional<? extends TableConfig> testTable();

  /** The dataset, as the user wrote it. */
  default String dataset() {
    return table().source().dataset();
  }

  /** Lines of the model card's table, by their labels. */
  Map<String, String> facts(TrainerState state);

  /** Names of the values of a log row that the terminal shows, in order. */
  List<String> printed();
}
