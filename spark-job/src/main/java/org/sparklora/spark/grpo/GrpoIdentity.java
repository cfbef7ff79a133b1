package org.sparklora.spark.grpo;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.zip.CRC32C;
import org.sparklora.model.generate.SamplingConfig;
import org.sparklora.pipeline.table.Prompt;
import org.sparklora.spark.resume.RunFingerprint;
import org.sparklora.spark.run.RunIdentity;
import org.sparklora.spark.train.TrainedModel;

/**
 * What makes a run of {@code grpo} the same run as the one that left a checkpoint, or a round's
 * tables. The number of executors is no part of it: they change nothing.
 */
final class GrpoIdentity {
  private GrpoIdentity() {}

  /**
   * The fingerprint of a run.
   *
   * @param sampling with the tokens that end a completion
   */
  static RunFingerprint of(
      GrpoConfig config, TrainedModel model, SamplingConfig sampling, List<Prompt> prompts)
      throws IOException {
    Map<String, String> fixed = new LinkedHashMap<>();
    RunIdentity.addModel(fixed, model);
    fixed.put(
        "dataset_name", "%d prompts with fingerprint %s".formatted(prompts.size(), crc(prompts)));
    fixed.put("shuffle_dataset", Boolean.toString(config.prompts().shuffled()));
    addBatch(fixed, config.batch());
    addSampling(fixed, sampling);
    fixed.put("dynamic_sampling", config.dynamicSampling().toString());
    fixed.put("reward_funcs", String.join(" ", config.rewards().names()));
    fixed.put("reward_weights", config.rewards().weights().toString());
    fixed.put("reward_dialect", lower(config.rewards().dialect()));
    fixed.put("scale_rewards", lower(config.advantages().scaling()));
    fixed.put("multi_objective_aggregation", lower(config.advantages().aggregation()));
    return new RunFingerprint(fixed, changeable(config));
  }

  private static void addBatch(Map<String, String> fixed, GrpoConfig.Batch batch) {
    fixed.put("per_device_train_batch_size", Integer.toString(batch.rows()));
    fixed.put("gradient_accumulation_steps", Integer.toString(batch.accumulation()));
    fixed.put("steps_per_generation", Integer.toString(batch.stepsPerGeneration()));
    fixed.put("num_iterations", Integer.toString(batch.iterations()));
    fixed.put("mask_truncated_completions", Boolean.toString(batch.maskTruncated()));
    fixed.put("seed", Long.toString(batch.seed()));
    fixed.put("data_seed", Long.toString(batch.dataSeed()));
  }

  private static void addSampling(Map<String, String> fixed, SamplingConfig sampling) {
    fixed.put("num_generations", Integer.toString(sampling.numGenerations()));
    fixed.put("max_completion_length", Integer.toString(sampling.maxCompletionLength()));
    fixed.put("temperature", Float.toString(sampling.rule().temperature()));
    fixed.put("top_k", Integer.toString(sampling.rule().topK()));
    fixed.put("top_p", Float.toString(sampling.rule().topP()));
    fixed.put("min_p", Float.toString(sampling.rule().minP()));
    fixed.put("repetition_penalty", Float.toString(sampling.rule().repetitionPenalty()));
    fixed.put("end tokens", new TreeSet<>(sampling.endTokens()).toString());
  }

  private static Map<String, String> changeable(GrpoConfig config) {
    Map<String, String> changeable = new LinkedHashMap<>();
    RunIdentity.addOptimizer(changeable, config.optimizer(), config.schedule());
    changeable.put("num_train_epochs", Double.toString(config.batch().epochs()));
    changeable.put("max_steps", Integer.toString(config.batch().maxSteps()));
    changeable.put("dtype", lower(config.model().dtype()));
    changeable.put("the loss", config.loss().toString());
    return changeable;
  }

  private static String lower(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  private static String crc(List<Prompt> prompts) {
    CRC32C checksum = new CRC32C();
    for (Prompt prompt : prompts) {
      ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES + Integer.BYTES * prompt.tokens().length);
      bytes.putLong(prompt.id());
      for (int token : prompt.tokens()) {
        bytes.putInt(token);
      }
      checksum.update(bytes.flip());
      checksum.update(prompt.solution().orElse("").getBytes(StandardCharsets.UTF_8));
    }
    return "%08x".formatted(checksum.getValue());
  }
}
