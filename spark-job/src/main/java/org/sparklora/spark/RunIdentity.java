package org.sparklora.spark;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import org.sparklora.model.ParameterLayout;
import org.sparklora.model.engine.DType;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.model.lora.LoraConfig;
import org.sparklora.pipeline.config.OptimizerConfig;
import org.sparklora.pipeline.config.ScheduleConfig;
import org.sparklora.spark.SftConfig.Sync;
import org.sparklora.spark.resume.ModelFingerprint;
import org.sparklora.spark.resume.RunFingerprint;
import org.sparklora.spark.train.TrainedModel;

/** What makes a run the same run as the one that left a checkpoint. */
public final class RunIdentity {
  private RunIdentity() {}

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
    addModel(fixed, model);
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

  /** What is trained. */
  public static void addModel(Map<String, String> fixed, TrainedModel model) throws IOException {
    ParameterLayout layout = model.layout();
    fixed.put(
        "model_name_or_path",
        "a model with fingerprint " + ModelFingerprint.of(model.checkpoint().folder()));
    fixed.put("use_peft", Boolean.toString(layout instanceof AdapterLayout));
    if (layout instanceof AdapterLayout adapter) {
      addLora(fixed, adapter);
    }
  }

  private static void addLora(Map<String, String> fixed, AdapterLayout layout) {
    LoraConfig lora = layout.config();
    TreeSet<String> kinds = new TreeSet<>();
    layout.modules().forEach(module -> kinds.add(module.substring(module.lastIndexOf('.') + 1)));
    fixed.put("lora_r", Integer.toString(lora.rank()));
    fixed.put("lora_alpha", Double.toString(lora.alpha()));
    fixed.put("lora_dropout", Double.toString(lora.dropout()));
    fixed.put("use_rslora", Boolean.toString(lora.rslora()));
    fixed.put(
        "lora_target_modules",
        "%s (%d layers)".formatted(String.join(" ", kinds), layout.modules().size()));
  }

  private static Map<String, String> changeable(SftConfig config) {
    Map<String, String> changeable = new LinkedHashMap<>();
    addOptimizer(changeable, config.optimizer(), config.schedule());
    changeable.put("num_train_epochs", Double.toString(config.batch().epochs()));
    changeable.put("max_steps", Integer.toString(config.batch().maxSteps()));
    changeable.put("dtype", config.model().dtype().name().toLowerCase(Locale.ROOT));
    changeable.put("bf16", Boolean.toString(config.model().products() == DType.BFLOAT16));
    if (config.sync().mode() == Sync.Mode.PARAMETERS) {
      changeable.put("averaging_frequency", Integer.toString(config.sync().averagingFrequency()));
    }
    changeable.put("save_strategy", config.checkpoints().unit().name().toLowerCase(Locale.ROOT));
    changeable.put("save_steps", Double.toString(config.checkpoints().steps()));
    return changeable;
  }

  /** How it is trained. */
  public static void addOptimizer(
      Map<String, String> changeable, OptimizerConfig optimizer, ScheduleConfig schedule) {
    changeable.put("learning_rate", Double.toString(optimizer.learningRate()));
    changeable.put("weight_decay", Double.toString(optimizer.weightDecay()));
    changeable.put("adam_beta1", Double.toString(optimizer.beta1()));
    changeable.put("adam_beta2", Double.toString(optimizer.beta2()));
    changeable.put("adam_epsilon", Double.toString(optimizer.epsilon()));
    changeable.put("max_grad_norm", Double.toString(optimizer.maxGradNorm()));
    changeable.put("lr_scheduler_type", schedule.type().flag());
    changeable.put("warmup_steps", Double.toString(schedule.warmup()));
  }
}
