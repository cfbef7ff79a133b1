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
 * @param maxGradNorm gradients with a larger L2 norm are scaled down to it; 0 and infinity switch
 *     clipping off ({@code max_grad_norm})
 */
public record OptimizerConfig(
    double learningRate,
    double beta1,
    double beta2,
    double epsilon,
    double weightDecay,
    double maxGradNorm)
    implements Serializable {}
