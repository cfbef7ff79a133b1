package org.sparklora.engine.nd4j;

import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.transforms.pairwise.arithmetic.Axpy;
import org.nd4j.linalg.api.ops.impl.updaters.AdamUpdater;
import org.nd4j.linalg.factory.Nd4j;
import org.sparklora.model.engine.AdamW;
import org.sparklora.model.engine.tensor.Tensor;

/**
 * AdamW by ND4J's native Adam, which computes {@code m · rate / (√v + ε)} in place of the gradient,
 * and the passes that Deeplearning4j makes around it.
 */
final class Nd4jOptimizer {
  /**
   * The native pass corrects the bias in float32, from its argument iteration. At this iteration βᵗ
   * underflows to 0 and the correction is exactly 1, so that only the correction in the rate, in
   * double precision, applies.
   */
  private static final int ITERATION_WITHOUT_CORRECTION = 1_000_000_000;

  private Nd4jOptimizer() {}

  static void adamW(AdamW.Vectors of, AdamW step) {
    INDArray gradient = flat(of.gradient());
    gradient.muli(step.scale());
    Nd4j.exec(
        new AdamUpdater(
            gradient,
            flat(of.second()),
            flat(of.first()),
            step.rate(),
            step.beta1(),
            step.beta2(),
            step.floor(),
            ITERATION_WITHOUT_CORRECTION));
    if (step.rate() == 0) {
      gradient.assign(0); // a native rate of 0 is taken for a missing one and replaced by epsilon
    }
    long decayed = Math.min(step.decayed(), gradient.length());
    if (decayed > 0) {
      INDArray update = flat(of.gradient().view(0, decayed));
      Nd4j.exec(new Axpy(flat(of.parameters().view(0, decayed)), update, update, step.decay(0)));
    }
    flat(of.parameters()).subi(gradient);
    gradient.assign(0);
  }

  private static INDArray flat(Tensor tensor) {
    return Nd4jTensor.of(tensor).flat();
  }
}
