package org.sparklora.spark.dl4j;

import org.sparklora.train.NonFiniteLossException;

/**
 * {@code torch.nn.utils.clip_grad_norm_}: scales a gradient by {@code min(1, max / (norm + 1e-6))}.
 */
final class GradientClip {
  private GradientClip() {}

  /**
   * The factor that clips a gradient.
   *
   * @param norm of the gradient
   * @param maxNorm 0 leaves the gradient as it is
   * @param step number of the step, from 0, for the error
   * @throws NonFiniteLossException if the norm is not finite
   */
  static double scale(double norm, double maxNorm, int step) {
    if (!Double.isFinite(norm)) {
      throw new NonFiniteLossException("gradient norm", norm, step + 1, 1);
    }
    return maxNorm > 0 ? Math.min(1, maxNorm / (norm + 1e-6)) : 1;
  }
}
