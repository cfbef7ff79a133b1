package org.sparklora.spark.dl4j;

import org.bytedeco.javacpp.Pointer;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Engines;
import org.sparklora.spark.train.NonFiniteLossException;

/**
 * {@code torch.nn.utils.clip_grad_norm_}: scales a gradient by {@code min(1, max / (norm + 1e-6))}.
 *
 * <p>DL4J's {@code ClipL2PerLayer} leaves out the 1e-6, and the norm before clipping has to be
 * logged anyway.
 */
final class GradientClip {
  private GradientClip() {}

  /**
   * Clips in place.
   *
   * @param maxNorm 0 leaves the gradient as it is
   * @param step number of the step, from 0, for the error
   * @return the norm before clipping
   * @throws NonFiniteLossException if the norm is not finite
   */
  static double apply(INDArray gradient, double maxNorm, int step) {
    double norm = norm(gradient);
    if (!Double.isFinite(norm)) {
      throw new NonFiniteLossException("gradient norm", norm, step + 1, 1);
    }
    if (maxNorm > 0 && maxNorm / (norm + 1e-6) < 1) {
      gradient.muli(maxNorm / (norm + 1e-6));
    }
    return norm;
  }

  /** Not ND4J's, which rounds differently for each number of threads. */
  private static double norm(INDArray gradient) {
    Engine engine = Engines.host();
    Pointer floats = DecoderLayer.address(gradient);
    return Math.sqrt(engine.sumOfSquares(engine.alias(floats, gradient.length()).tensor()));
  }
}
