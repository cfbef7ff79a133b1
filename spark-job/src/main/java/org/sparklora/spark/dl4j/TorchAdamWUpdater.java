package org.sparklora.spark.dl4j;

import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.GradientUpdater;

/**
 * Applies {@link TorchAdamW}: turns a gradient into an update in one fused native pass, without any
 * buffer besides the two moments.
 *
 * <p>ND4J's native Adam computes {@code m · rate / (√v + ε)}. Multiplying PyTorch's fraction by √(1
 * − β₂ᵗ) gives the same form with {@code rate = lr · √(1 − β₂ᵗ) / (1 − β₁ᵗ)} and {@code ε' = ε ·
 * √(1 − β₂ᵗ)}.
 */
final class TorchAdamWUpdater implements GradientUpdater<TorchAdamW> {
  private static final String FIRST_MOMENT = "M";
  private static final String SECOND_MOMENT = "V";

  /**
   * The native pass corrects the bias itself, in float32, from the iteration it is told. Told this
   * one, βᵗ underflows to 0 and its correction is exactly 1, so that ours, in double precision, is
   * the only one.
   */
  private static final int ITERATION_WITHOUT_CORRECTION = 1_000_000_000;

  private final TorchAdamW config;
  private INDArray m;
  private INDArray v;

  TorchAdamWUpdater(TorchAdamW config) {
    this.config = config;
  }

  @Override
  public TorchAdamW getConfig() {
    return config;
  }

  @Override
  public void setState(Map<String, INDArray> state, boolean initialize) {
    m = state.get(FIRST_MOMENT);
    v = state.get(SECOND_MOMENT);
  }

  @Override
  public Map<String, INDArray> getState() {
    return Map.of(FIRST_MOMENT, m, SECOND_MOMENT, v);
  }

  @Override
  public void setStateViewArray(
      INDArray state, long[] gradientShape, char gradientOrder, boolean initialize) {
    if (initialize) {
      state.assign(0);
    }
    INDArray flat = state.reshape(state.length());
    m = flat.get(NDArrayIndex.interval(0, flat.length() / 2));
    v = flat.get(NDArrayIndex.interval(flat.length() / 2, flat.length()));
  }

  @Override
  public void applyUpdater(INDArray gradient, int iteration, int epoch) {
    double rate = config.getLearningRate(iteration, epoch);
    // the native pass holds β as float32: with these very values its averages and our correction
    // fit together
    double correction1 = 1 - Math.pow((float) config.beta1(), iteration + 1);
    double correction2 = Math.sqrt(1 - Math.pow((float) config.beta2(), iteration + 1));
    Nd4j.exec(
        new org.nd4j.linalg.api.ops.impl.updaters.AdamUpdater(
            gradient.reshape(v.shape()), // DL4J M2 hands over a row of a matrix; the same memory
            v,
            m,
            rate * correction2 / correction1,
            config.beta1(),
            config.beta2(),
            config.epsilon() * correction2,
            ITERATION_WITHOUT_CORRECTION));
    if (rate == 0) {
      gradient.assign(0); // a native rate of 0 is taken for a missing one and replaced by epsilon
    }
  }
}
