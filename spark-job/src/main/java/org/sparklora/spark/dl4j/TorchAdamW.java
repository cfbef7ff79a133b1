package org.sparklora.spark.dl4j;

import java.util.Map;
import java.util.Objects;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.GradientUpdater;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.schedule.ISchedule;
import org.nd4j.shade.jackson.annotation.JsonProperty;
import org.sparklora.model.engine.AdamW;

/**
 * {@code torch.optim.AdamW} as a DL4J updater: holds settings, schedule and size of the state.
 * {@link AdamW} has the formula, and an engine takes the step.
 *
 * <p>DL4J's own Adam adds ε to √v before the bias correction, which changes the update where
 * gradients are small.
 */
final class TorchAdamW implements IUpdater {
  private static final long serialVersionUID = 1L;

  @JsonProperty private final double beta1;
  @JsonProperty private final double beta2;
  @JsonProperty private final double epsilon;
  @JsonProperty private final double weightDecay;
  @JsonProperty private ISchedule schedule;

  TorchAdamW(
      @JsonProperty("beta1") double beta1,
      @JsonProperty("beta2") double beta2,
      @JsonProperty("epsilon") double epsilon,
      @JsonProperty("weightDecay") double weightDecay,
      @JsonProperty("schedule") ISchedule schedule) {
    this.beta1 = beta1;
    this.beta2 = beta2;
    this.epsilon = epsilon;
    this.weightDecay = weightDecay;
    this.schedule = schedule;
  }

  /**
   * AdamW's settings for one step.
   *
   * @param iteration from 0, as DL4J counts
   * @param decayed number of leading parameters that weight decay applies to
   * @param scale factor of the gradient
   */
  AdamW step(int iteration, long decayed, double scale) {
    return new AdamW(
        iteration + 1,
        getLearningRate(iteration, 0),
        beta1,
        beta2,
        epsilon,
        weightDecay,
        decayed,
        scale);
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
    return new TorchAdamW(beta1, beta2, epsilon, weightDecay, schedule);
  }

  /** Compares all settings: DL4J joins the moments of adjacent parameters with equal updaters. */
  @Override
  public boolean equals(Object other) {
    return other instanceof TorchAdamW that
        && beta1 == that.beta1
        && beta2 == that.beta2
        && epsilon == that.epsilon
        && weightDecay == that.weightDecay
        && schedule.equals(that.schedule);
  }

  @Override
  public int hashCode() {
    return Objects.hash(beta1, beta2, epsilon, weightDecay, schedule);
  }
}
