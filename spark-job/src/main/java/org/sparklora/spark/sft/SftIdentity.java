package org.sparklora.spark.sft;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.sparklora.model.engine.DType;
import org.sparklora.spark.resume.RunFingerprint;
import org.sparklora.spark.run.RunIdentity;
import org.sparklora.spark.train.TrainedModel;

/** What makes a run of {@code sft} the same run as the one that left a checkpoint. */
final class SftIdentity {
  private SftIdentity() {}

  /**
   * The fingerprint of a run of {@code sft}.
   *
   * @param dataFingerprint of the packed rows
   * @param workers that train
   */
  static RunFingerprint of(
      SftConfig config, TrainedModel model, String dataFingerprint, int rows, int workers)
      throws IOException {
    Map<String, String> fixed = new LinkedHashMap<>();
    RunIdentity.addModel(fixed, model);
    SftConfig.Batch batch = config.batch();
    fixed.put(
        "dataset_name", "%d packed rows with fingerprint %.16s".formatted(rows, dataFingerprint));
    fixed.put("per_device_train_batch_size", Integer.toString(batch.rows()));
    fixed.put("gradient_accumulation_steps", Integer.toString(batch.accumulation()));
    fixed.put("train_sampling_strategy", batch.order().name().toLowerCase(Locale.ROOT));
    fixed.put("seed", Long.toString(batch.seed()));
    fixed.put("data_seed", Long.toString(batch.dataSeed()));
    fixed.put("sync", config.sync().mode().name().toLowerCase(Locale.ROOT));
    fixed.put("num_workers", Integer.toString(workers));
    return new RunFingerprint(fixed, changeable(config));
  }

  private static Map<String, String> changeable(SftConfig config) {
    Map<String, String> changeable = new LinkedHashMap<>();
    RunIdentity.addOptimizer(changeable, config.optimizer(), config.schedule());
    changeable.put("num_train_epochs", Double.toString(config.batch().epochs()));
    changeable.put("max_steps", Integer.toString(config.batch().maxSteps()));
    changeable.put("dtype", config.model().dtype().name().toLowerCase(Locale.ROOT));
    changeable.put("bf16", Boolean.toString(config.model().products() == DType.BFLOAT16));
    if (config.sync().averages()) {
      changeable.put("averaging_frequency", Integer.toString(config.sync().averagingFrequency()));
    }
    changeable.put("save_strategy", config.checkpoints().unit().name().toLowerCase(Locale.ROOT));
    changeable.put("save_steps", Double.toString(config.checkpoints().steps()));
    return changeable;
  }
}
