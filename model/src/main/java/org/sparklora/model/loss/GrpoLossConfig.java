package org.sparklora.model.loss;

import static org.sparklora.model.config.InvalidSetting.require;

import java.io.Serializable;

/**
 * The loss of GRPO and its variants, with TRL's names and defaults.
 *
 * @param topEntropyQuantile share of the tokens, in descending order of entropy, that the policy is
 *     trained on; 1 for all
 * @param temperature the temperature of the sampler, by which logits are divided
 */
public record GrpoLossConfig(
    Reduction reduction,
    Ratio ratio,
    Divergence divergence,
    Soft soft,
    double topEntropyQuantile,
    float temperature)
    implements Serializable {

  /** How the terms of tokens are reduced to one loss. */
  public enum LossType {
    /** Mean over each completion, then over completions (Shao et al., 2024). */
    GRPO,
    /** Mean over the tokens of the micro-batch. */
    BNPO,
    /** Sum over tokens divided by a constant (Liu et al., 2025). */
    DR_GRPO,
    /** Mean over the tokens of the optimizer step (Yu et al., 2025). */
    DAPO,
    /** Like {@code DAPO}, with a clipped weight on the log-probability (MiniMax, 2025). */
    CISPO,
    /** Like {@code GRPO}, with a sigmoid in place of the clipping. */
    SAPO,
    /** Sum over each completion, then mean over completions. */
    LUSPO,
    /** {@code DAPO} with the weight of {@link Vespo} on the log-probability. */
    VESPO
  }

  /** The tokens that share one probability ratio. */
  public enum Level {
    TOKEN,
    /** The geometric mean of the ratios of a completion's tokens (GSPO). */
    SEQUENCE
  }

  /** The reduction of tokens' terms to one loss; {@code DR_GRPO} divides by the largest length. */
  public record Reduction(LossType lossType, int maxCompletionLength) implements Serializable {
    public Reduction {
      require(
          maxCompletionLength >= 1,
          "max_completion_length",
          maxCompletionLength,
          "it must be at least 1");
    }
  }

  /**
   * The probability ratio and its bounds.
   *
   * @param level whether each token has a ratio of its own or a completion has one ({@code
   *     importance_sampling_level})
   * @param epsilon how far below 1 the ratio may fall before it is clipped
   * @param epsilonHigh how far above 1 the ratio may rise before it is clipped; for {@code CISPO}
   *     the largest ratio itself
   * @param delta upper bound of the ratio, effective if the advantage is negative (two-sided
   *     clipping); ∞ for none
   * @param offPolicyMaskThreshold largest mean over a completion's tokens of its sampler's
   *     log-probability minus the policy's; beyond it a completion of negative advantage is not
   *     trained on (DeepSeek-V3.2); ∞ for none
   */
  public record Ratio(
      Level level, double epsilon, double epsilonHigh, double delta, double offPolicyMaskThreshold)
      implements Serializable {
    public Ratio {
      require(epsilon >= 0, "epsilon", epsilon, "it must be 0 or above; 0.2 is the usual choice");
      require(
          epsilonHigh >= 0,
          "epsilon_high",
          epsilonHigh,
          "it must be 0 or above; epsilon is the default");
      require(
          delta > 0,
          "delta",
          delta,
          "it must be above 1 + epsilon; leave it out for no second bound");
    }

    boolean isOfSequence() {
      return level == Level.SEQUENCE;
    }

    /** Whether completions may be left out for their distance from the policy. */
    public boolean masksOffPolicy() {
      return offPolicyMaskThreshold < Double.POSITIVE_INFINITY;
    }
  }

  /**
   * @param beta weight of the divergence from the reference policy; 0 needs no reference
   * @param biasCorrection whether the divergence is multiplied by the probability ratio ({@code
   *     use_bias_correction_kl})
   */
  public record Divergence(double beta, boolean biasCorrection) implements Serializable {
    public Divergence {
      require(beta >= 0, "beta", beta, "it must be 0 for no reference policy, or above");
    }
  }

  /** Temperatures of {@code SAPO} for positive and for other advantages. */
  public record Sapo(double positive, double negative) implements Serializable {
    public Sapo {
      require(positive > 0, "sapo_temperature_pos", positive, "it must be above 0");
      require(negative > 0, "sapo_temperature_neg", negative, "it must be above 0");
    }
  }

  /**
   * The weight {@code e^λ · w^k · e^(−λw)} of {@code VESPO}, where w is the ratio of a completion's
   * probabilities under the policy and its sampler; k and λ differ if its advantage is negative.
   */
  public record Vespo(
      double kPositive, double lambdaPositive, double kNegative, double lambdaNegative)
      implements Serializable {}

  /** The settings of losses that weigh a ratio instead of clipping it. */
  public record Soft(Sapo sapo, Vespo vespo) implements Serializable {}

  public GrpoLossConfig {
    require(
        topEntropyQuantile > 0 && topEntropyQuantile <= 1,
        "top_entropy_quantile",
        topEntropyQuantile,
        "it must be above 0 and at most 1; 1 trains on all tokens");
    require(
        temperature > 0,
        "temperature",
        temperature,
        "it must be above 0: a policy must be able to vary");
  }

  boolean isClipped() {
    return switch (reduction.lossType) {
      case CISPO, SAPO, VESPO -> false;
      default -> true;
    };
  }
}
