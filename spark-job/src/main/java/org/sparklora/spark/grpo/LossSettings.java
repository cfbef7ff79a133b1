package org.sparklora.spark.grpo;

import java.util.Optional;
import org.sparklora.model.loss.GrpoLossConfig;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.train.grpo.SamplerCorrection;

/** Reads the settings of the policy loss. */
final class LossSettings {
  private LossSettings() {}

  /**
   * Importance sampling for completions of other samplers than the policy, if wanted.
   *
   * @throws ConfigException if the loss {@code vespo} would be corrected by sequence
   */
  static Optional<SamplerCorrection> correction(Settings settings) {
    if (!settings.get(Flags.VLLM_IMPORTANCE_SAMPLING_CORRECTION)) {
      return Optional.empty();
    }
    boolean isVespo = settings.get(Flags.LOSS_TYPE).equals("vespo");
    boolean othersDraw = settings.get(Flags.USE_VLLM) || settings.get(Flags.MAX_STALENESS) > 0;
    SamplerCorrection.Mode mode =
        settings.get(Flags.VLLM_IMPORTANCE_SAMPLING_MODE, SamplerCorrection.Mode.class);
    ConfigException.require(
        !isVespo || !othersDraw || !mode.isOfSequence(),
        Flags.VLLM_IMPORTANCE_SAMPLING_MODE,
        settings.get(Flags.VLLM_IMPORTANCE_SAMPLING_MODE),
        "the loss vespo weighs whole completions itself; set it to token_truncate or token_mask");
    return Optional.of(
        new SamplerCorrection(
            mode,
            settings.find(Flags.VLLM_IMPORTANCE_SAMPLING_CLIP_MIN).orElse(0.0),
            settings
                .find(Flags.VLLM_IMPORTANCE_SAMPLING_CAP)
                .orElseGet(() -> settings.get(Flags.VLLM_IMPORTANCE_SAMPLING_CLIP_MAX))));
  }

  /** The policy loss. */
  static GrpoLossConfig loss(Settings settings) {
    double epsilon = settings.get(Flags.EPSILON);
    return new GrpoLossConfig(
        new GrpoLossConfig.Reduction(
            settings.get(Flags.LOSS_TYPE, GrpoLossConfig.LossType.class),
            settings.get(Flags.MAX_COMPLETION_LENGTH)),
        new GrpoLossConfig.Ratio(
            settings.get(Flags.IMPORTANCE_SAMPLING_LEVEL, GrpoLossConfig.Level.class),
            epsilon,
            settings.find(Flags.EPSILON_HIGH).orElse(epsilon),
            settings.find(Flags.DELTA).orElse(Double.POSITIVE_INFINITY),
            settings.find(Flags.OFF_POLICY_MASK_THRESHOLD).orElse(Double.POSITIVE_INFINITY)),
        new GrpoLossConfig.Divergence(
            settings.get(Flags.BETA), settings.get(Flags.USE_BIAS_CORRECTION_KL)),
        new GrpoLossConfig.Soft(
            new GrpoLossConfig.Sapo(
                settings.get(Flags.SAPO_TEMPERATURE_POS), settings.get(Flags.SAPO_TEMPERATURE_NEG)),
            new GrpoLossConfig.Vespo(
                settings.get(Flags.VESPO_K_POS),
                settings.get(Flags.VESPO_LAMBDA_POS),
                settings.get(Flags.VESPO_K_NEG),
                settings.get(Flags.VESPO_LAMBDA_NEG))),
        settings.get(Flags.TOP_ENTROPY_QUANTILE),
        settings.get(Flags.TEMPERATURE).floatValue());
  }
}
