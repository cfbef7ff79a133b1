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
import org.sparklora.model.lora.AdapterFile;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.table.Prompt;
import org.sparklora.spark.run.InitialParameters;
import org.sparklora.train.grpo.RoundSteps;
import org.sparklora.train.resume.ModelFingerprint;
import org.sparklora.train.resume.RunFingerprint;

/**
 * Computes the fingerprint that a run of {@code grpo} and a checkpoint, or a round's tables, must
 * share. The number of executors changes the result of local steps only, and no table.
 */
public final class GrpoIdentity {
  private GrpoIdentity() {}

  /** The fingerprint of a run; {@code sampling} has the tokens that end a completion. */
  static RunFingerprint of(
      GrpoConfig config,
      InitialParameters initial,
      Teacher teacher,
      SamplingConfig sampling,
      List<Prompt> prompts)
      throws IOException {
    RoundSteps batch = config.batch();
    RunFingerprint declared =
        initial.identity(
            config,
            Map.of(
                Flags.DATASET_NAME,
                of(prompts),
                Flags.STEPS_PER_GENERATION,
                Integer.toString(batch.stepsPerGeneration()),
                Flags.REWARD_WEIGHTS,
                config.rewards().functions().weights().toString(),
                Flags.SCALE_REWARDS,
                config.rewards().advantages().scaling().name().toLowerCase(Locale.ROOT)));
    Map<String, String> fixed = new LinkedHashMap<>(declared.fixed());
    fixed.put("end tokens", new TreeSet<>(sampling.endTokens()).toString());
    fixed.put(
        Flags.ADAPTER_NAME_OR_PATH.name(), // the reference policy
        ModelFingerprint.ofAdapter(initial.adapter().map(AdapterFile::folder)));
    if (teacher.model().isPresent()) {
      fixed.put(
          Flags.TEACHER_MODEL_NAME_OR_PATH.name(),
          ModelFingerprint.of(teacher.model().get().model().checkpoint().folder()));
    }
    return new RunFingerprint(fixed, declared.changeable());
  }

  /** The fingerprint of a run's checkpoints, from that of its tables. */
  static RunFingerprint ofCheckpoints(RunFingerprint tables, RoundSteps batch) {
    return batch.localSteps() == 1
        ? tables
        : tables.with(Map.of(Flags.NUM_WORKERS, "%s that train".formatted(batch.workers())));
  }

  /** The fingerprint of prompts: their number and a checksum. */
  public static String of(List<Prompt> prompts) {
    CRC32C checksum = new CRC32C();
    for (Prompt prompt : prompts) {
      ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES + Integer.BYTES * prompt.tokens().length);
      bytes.putLong(prompt.id());
      for (int token : prompt.tokens()) {
        bytes.putInt(token);
      }
      checksum.update(bytes.flip());
      checksum.update(prompt.solution().orElse("").getBytes(StandardCharsets.UTF_8));
      for (Map.Entry<String, String> column : prompt.columns().entrySet()) {
        checksum.update(column.toString().getBytes(StandardCharsets.UTF_8));
      }
    }
    return "%s prompts with fingerprint %08x".formatted(prompts.size(), checksum.getValue());
  }
}
