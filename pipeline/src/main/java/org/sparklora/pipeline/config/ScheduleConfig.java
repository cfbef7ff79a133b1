package org.sparklora.pipeline.config;

import java.io.Serializable;
import java.util.Locale;

/**
 * The learning-rate schedule, equal to transformers' {@code get_*_schedule} functions.
 *
 * @param type {@code lr_scheduler_type}
 * @param warmup steps of linear warm-up from 0; below 1 it is a share of all steps ({@code
 *     warmup_steps}, {@code warmup_ratio})
 */
public record ScheduleConfig(Type type, double warmup) implements Serializable {

  /** The schedules that are implemented. */
  public enum Type {
    LINEAR,
    COSINE,
    CONSTANT,
    CONSTANT_WITH_WARMUP;

    /** The name in flags and YAML: {@code constant_with_warmup}. */
    public String flag() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** Linear decay without warm-up. */
  public static ScheduleConfig defaults() {
    return new ScheduleConfig(Type.LINEAR, 0);
  }

  /**
   * Whole warm-up steps of a run of {@code totalSteps}: {@code ceil(ratio · total)} for a share.
   */
  public int warmupSteps(int totalSteps) {
    return (int) (warmup >= 1 ? warmup : Math.ceil(totalSteps * warmup));
  }

  /**
   * The factor of the peak learning rate.
   *
   * @param step updates made so far: 0 for the first
   */
  public double factor(int step, int totalSteps) {
    int warmupSteps = type == Type.CONSTANT ? 0 : warmupSteps(totalSteps);
    if (step < warmupSteps) {
      return (double) step / Math.max(1, warmupSteps);
    }
    double decaySteps = Math.max(1, totalSteps - warmupSteps);
    return switch (type) {
      case CONSTANT, CONSTANT_WITH_WARMUP -> 1;
      case LINEAR -> Math.max(0, (totalSteps - step) / decaySteps);
      case COSINE -> {
        double progress = (step - warmupSteps) / decaySteps;
        yield Math.max(0, 0.5 * (1 + Math.cos(Math.PI * 0.5 * 2 * progress)));
      }
    };
  }
}
