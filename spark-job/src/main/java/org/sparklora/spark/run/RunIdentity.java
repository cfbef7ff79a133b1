package org.sparklora.spark.run;

import java.io.IOException;
import java.util.Map;
import java.util.TreeSet;
import org.sparklora.model.ParameterLayout;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.model.lora.LoraConfig;
import org.sparklora.pipeline.config.OptimizerConfig;
import org.sparklora.pipeline.config.ScheduleConfig;
import org.sparklora.spark.resume.ModelFingerprint;
import org.sparklora.spark.train.TrainedModel;

/**
 * What makes a run the same run as the one that left a checkpoint, as far as {@code sft} and {@code
 * grpo} share it.
 */
public final class RunIdentity {
  private RunIdentity() {}

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
