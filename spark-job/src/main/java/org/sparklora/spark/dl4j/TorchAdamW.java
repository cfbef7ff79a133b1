package org.sparklora.spark.dl4j;

import java.util.Map;
import java.util.Objects;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.GradientUpdater;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.schedule.ISchedule;
import org.nd4j.shade.jackson.annotation.JsonProperty;

/**
 * Adam (Kingma and Ba, 2015) with PyTorch's placement of epsilon, as a DL4J updater. The decoupled
 * weight decay that makes it AdamW is DL4J's {@code WeightDecay} regularisation beside it.
 *
 * <pre>
 * m = β₁·m + (1 − β₁)·g      v = β₂·v + (1 − β₂)·g²
 * update = lr / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + ε)
 * </pre>
 *
 * DL4J's own Adam adds ε to √v instead, which is another update wherever gradients are small.
 */
final class TorchAdamW implements IUpdater {
  private static final long serialVersionUID = 1L;

  @JsonProperty private final double beta1;
  @JsonProperty private final double beta2;
  @JsonProperty private final double epsilon;
  @JsonProperty private ISchedule schedule;

  TorchAdamW(
      @JsonProperty("beta1") double beta1,
      @JsonProperty("beta2") double beta2,
      @JsonProperty("epsilon") double epsilon,
      @JsonProperty("schedule") ISchedule schedule) {
    this.beta1 = beta1;
    this.beta2 = beta2;
    this.epsilon = epsilon;
    this.schedule = schedule;
  }

  double beta1() {
    return beta1;
  }

  double beta2() {
    return beta2;
  }

  double epsilon() {
    return epsilon;
  }

  @Override
  public long stateSize(long numParams) {
    return 2 * numParams;
  }

  @Override
  public GradientUpdater<TorchAdamW> instantiate(INDArray state, boolean initialize) {
    TorchAdamWUpdater updater = new TorchAdamWUpdater(this);
    updater.setStateViewArray(state, new long[] {state.length() / 2}, state.ordering(), initialize);
    return updater;
  }

  @Override
  public GradientUpdater<TorchAdamW> instantiate(Map<String, INDArray> state, boolean initialize) {
    TorchAdamWUpdater updater = new TorchAdamWUpdater(this);
    updater.setState(state, initialize);
    return updater;
  }

  @Override
  public double getLearningRate(int iteration, int epoch) {
    return schedule.valueAt(iteration, epoch);
  }

  @Override
  public boolean hasLearningRate() {
    return true;
  }

  @Override
  public void setLrAndSchedule(double lr, ISchedule lrSchedule) {
    schedule =
        Objects.requireNonNull(lrSchedule, "TorchAdamW takes its learning rate from a schedule");
  }

  @Override
  public TorchAdamW clone() {
    return new TorchAdamW(beta1, beta2, epsilon, schedule);
  }

  /** DL4J updates neighbouring parameters in one pass where their updaters are equal. */
  @Override
  public boolean equals(Object other) {
    return other instanceof TorchAdamW that
        && beta1 == that.beta1
        && beta2 == that.beta2
        && epsilon == that.epsilon
        && schedule.equals(that.schedule);
  }

  @Override
  public int hashCode() {
    return Objects.hash(beta1, beta2, epsilon, schedule);
  }
}
