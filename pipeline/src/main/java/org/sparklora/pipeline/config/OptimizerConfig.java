package org.sparklora.pipeline.config;

import java.io.Serializable;

/**
 * AdamW and gradient clipping, under TRL's names.
 *
 * @param learningRate the peak of the schedule ({@code learning_rate})
 * @param beta1 decay of the first moment ({@code adam_beta1})
 * @param beta2 decay of the second moment ({@code adam_beta2})
 * @param epsilon added to the root of the second moment ({@code adam_epsilon})
 * @param weightDecay decoupled; matrices only, never norms or biases ({@code weight_decay})
 * @param maxGradNorm gradients with a larger L2 norm are scaled down to it; 0 switches clipping off
 *     ({@code max_grad_norm})
 */
public record OptimizerConfig(
    double learningRate,
    double beta1,
    double beta2,
    double epsilon,
    double weightDecay,
    double maxGradNorm)
    implements Serializable {

  public OptimizerConfig {
    ConfigException.require(
        learningRate >= 0 && Double.isFinite(learningRate),
        "learning_rate",
        learningRate,
        "it must be 0 or more; LoRA usually takes 1e-4 to 1e-3");
    ConfigException.require(
        beta1 >= 0 && beta1 < 1,
        "adam_beta1",
        beta1,
        "it must lie in [0, 1); 0.9 is the usual choice");
    ConfigException.require(
        beta2 >= 0 && beta2 < 1,
        "adam_beta2",
        beta2,
        "it must lie in [0, 1); 0.999 is the usual choice");
    ConfigException.require(
        epsilon > 0 && Double.isFinite(epsilon),
        "adam_epsilon",
        epsilon,
        "it must be positive; 1e-8 is the usual choice");
    ConfigException.require(
        weightDecay >= 0 && Double.isFinite(weightDecay),
        "weight_decay",
        weightDecay,
        "it must be 0 or more");
    ConfigException.require(
        maxGradNorm >= 0,
        "max_grad_norm",
        maxGradNorm,
        "it must be 0 (no clipping) or more; 1.0 is the default");
  }

  /** TRL's defaults for SFT. */
  public static OptimizerConfig defaults() {
    return new OptimizerConfig(2e-5, 0.9, 0.999, 1e-8, 0, 1.0);
  }
}
