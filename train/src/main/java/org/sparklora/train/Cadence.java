package org.sparklora.train;

import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flag;

/**
 * The optimizer steps after which a run saves or evaluates ({@code save_strategy}, {@code
 * eval_strategy}), as in transformers' {@code DefaultFlowCallback}: every {@code steps} steps or at
 * the end of each epoch, and in either case after the last step.
 *
 * @param steps the interval of {@link Unit#STEPS}; 0 for the last step alone
 * @param delay earliest step or, for {@link Unit#EPOCH}, earliest epoch ({@code eval_delay})
 */
public record Cadence(Unit unit, int steps, double delay) {

  /** transformers' {@code IntervalStrategy}, and {@code SaveStrategy}, which has {@code BEST}. */
  public enum Unit {
    NO,
    STEPS,
    EPOCH,
    /** After each evaluation that is the best so far. */
    BEST
  }

  /** A cadence; {@code steps} below 1 are a share of all steps, rounded up. */
  public static Cadence of(Unit unit, double steps, double delay, int totalSteps) {
    return new Cadence(unit, (int) (steps < 1 ? Math.ceil(steps * totalSteps) : steps), delay);
  }

  /** Refuses an interval that is neither a whole number of steps nor a share of all steps. */
  public static void requireInterval(Flag<?> flag, Unit unit, double steps) {
    ConfigException.require(
        unit != Unit.STEPS || steps > 0 && (steps < 1 || steps == Math.rint(steps)),
        flag,
        steps,
        "it is a whole number of steps, or a share of all steps below 1");
  }

  /** Whether the interval ends after {@code step} steps of a plan; never for {@link Unit#BEST}. */
  public boolean falls(int step, TrainingPlan plan) {
    boolean last = step == plan.totalSteps();
    return switch (unit) {
      case NO, BEST -> false;
      case STEPS -> (last || steps > 0 && step % steps == 0) && step >= delay;
      case EPOCH -> (last || step % plan.stepsPerEpoch() == 0) && plan.epochAfter(step) >= delay;
    };
  }
}
