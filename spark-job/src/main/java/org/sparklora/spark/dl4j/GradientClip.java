package org.sparklora.spark.dl4j;

import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.sparklora.spark.train.NonFiniteLossException;

/**
 * {@code torch.nn.utils.clip_grad_norm_}: scales a gradient by {@code min(1, max / (norm + 1e-6))}.
 *
 * <p>DL4J's {@code ClipL2PerLayer} leaves out the 1e-6, and the norm before clipping has to be
 * logged anyway.
 */
final class GradientClip {
  /** Short enough for a float32 sum of squares to be exact to 1e-6. */
  private static final long CHUNK = 1 << 14;

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

  private static double norm(INDArray gradient) {
    INDArray flat = gradient.reshape(gradient.length());
    double squares = 0;
    for (long start = 0; start < flat.length(); start += CHUNK) {
      long end = Math.min(start + CHUNK, flat.length());
      double chunk = flat.get(NDArrayIndex.interval(start, end)).norm2Number().doubleValue();
      squares += chunk * chunk;
    }
    return Math.sqrt(squares);
  }
}
