package org.sparklora.train.step;

import java.io.Serializable;
import org.sparklora.model.ParameterLayout;
import org.sparklora.model.engine.AdamW;
import org.sparklora.pipeline.config.OptimizerConfig;
import org.sparklora.pipeline.config.ScheduleConfig;
import org.sparklora.train.NonFiniteLossException;

/**
 * The rule of an optimizer step: {@code torch.optim.AdamW} at the rate of a transformers schedule,
 * after {@code torch.nn.utils.clip_grad_norm_}. Steps are counted from 0.
 *
 * @param decayed number of leading parameters that weight decay applies to: matrices
 */
public record StepRule(
    OptimizerConfig optimizer, ScheduleConfig schedule, int totalSteps, long decayed)
    implements Serializable {

  /** The rule for parameters of a layout, which has the decayed ones first. */
  public static StepRule of(
      ParameterLayout layout, OptimizerConfig optimizer, ScheduleConfig schedule, int totalSteps) {
    long decayed =
        layout.entries().stream()
            .filter(ParameterLayout.Entry::decayed)
            .mapToLong(ParameterLayout.Entry::size)
            .sum();
    return new StepRule(optimizer, schedule, totalSteps, decayed);
  }

  /** The learning rate of a step; step k has the rate of transformers' step k + 1. */
  public double learningRate(int step) {
    return optimizer.learningRate() * schedule.factor(step, totalSteps);
  }

  /**
   * AdamW's settings for a step, which scale the gradient to the largest norm.
   *
   * @param norm of the gradient before clipping
   * @throws NonFiniteLossException if the norm is not finite
   */
  AdamW adamW(int step, double norm) {
    return new AdamW(
        step + 1,
        learningRate(step),
        optimizer.beta1(),
        optimizer.beta2(),
        optimizer.epsilon(),
        optimizer.weightDecay(),
        decayed,
        clip(norm, step));
  }

  /** {@code min(1, max / (norm + 1e-6))}; 1 if {@code max_grad_norm} is 0. */
  double clip(double norm, int step) {
    if (!Double.isFinite(norm)) {
      throw new NonFiniteLossException("gradient norm", norm, step + 1);
    }
    double largest = optimizer.maxGradNorm();
    return largest > 0 ? Math.min(1, largest / (norm + 1e-6)) : 1;
  }
}
