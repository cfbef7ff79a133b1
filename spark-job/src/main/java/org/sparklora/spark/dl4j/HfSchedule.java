package org.sparklora.spark.dl4j;

import org.nd4j.linalg.schedule.ISchedule;
import org.nd4j.shade.jackson.annotation.JsonProperty;
import org.sparklora.pipeline.config.ScheduleConfig;

/**
 * A learning rate schedule of transformers as a DL4J schedule: the rate of iteration k is that of
 * transformers' step k + 1. Ignores epochs: DL4J counts each averaging round as one.
 *
 * <p>Immutable and thread-safe.
 */
final class HfSchedule implements ISchedule {
  private static final long serialVersionUID = 1L;

  @JsonProperty private final double peak;
  @JsonProperty private final String type;
  @JsonProperty private final double warmup;
  @JsonProperty private final int totalSteps;

  HfSchedule(
      @JsonProperty("peak") double peak,
      @JsonProperty("type") String type,
      @JsonProperty("warmup") double warmup,
      @JsonProperty("totalSteps") int totalSteps) {
    this.peak = peak;
    this.type = type;
    this.warmup = warmup;
    this.totalSteps = totalSteps;
  }

  static HfSchedule of(double peak, ScheduleConfig config, int totalSteps) {
    return new HfSchedule(peak, config.type().name(), config.warmup(), totalSteps);
  }

  @Override
  public double valueAt(int iteration, int epoch) {
    ScheduleConfig config = new ScheduleConfig(ScheduleConfig.Type.valueOf(type), warmup);
    return peak * config.factor(iteration, totalSteps);
  }

  @Override
  public ISchedule clone() {
    return this;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof HfSchedule that
        && peak == that.peak
        && type.equals(that.type)
        && warmup == that.warmup
        && totalSteps == that.totalSteps;
  }

  @Override
  public int hashCode() {
    return Double.hashCode(peak) * 31 + totalSteps;
  }
}
