package org.sparklora.spark.dl4j;

import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.GradientUpdater;

/**
 * The state of {@link TorchAdamW} as DL4J holds it: the first moments of all parameters, then the
 * second, in one vector.
 */
final class TorchAdamWUpdater implements GradientUpdater<TorchAdamW> {
  private static final String FIRST_MOMENT = "M";
  private static final String SECOND_MOMENT = "V";

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
    throw new UnsupportedOperationException(
        "An engine takes AdamW's steps, on parameters, gradient and moments at once");
  }
}
