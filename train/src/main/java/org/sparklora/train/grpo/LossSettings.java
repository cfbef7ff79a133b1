package org.sparklora.train.grpo;

import org.sparklora.model.loss.GrpoLossConfig;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Settings;

/** Reads the settings of the policy loss. */
public final class LossSettings {
  private LossSettings() {}

  /** The policy loss. */
  public static GrpoLossConfig loss(Settings settings) {
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
