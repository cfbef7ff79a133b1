package org.sparklora.spark.train;

/**
 * After which optimizer steps something is done ({@code save_strategy}, {@code eval_strategy}), as
 * transformers' {@code DefaultFlowCallback} has it: every so many steps or at the end of each
 * epoch, and in either case after the last step.
 *
 * @param unit of the interval
 * @param steps the interval of {@link Unit#STEPS}
 * @param delay not before so many steps or, for {@link Unit#EPOCH}, epochs ({@code eval_delay})
 */
public record Cadence(Unit unit, int steps, double delay) {

  /** transformers' {@code IntervalStrategy}. */
  public enum Unit {
    NO,
    STEPS,
    EPOCH
  }

  /**
   * The cadence of a run.
   *
   * @param steps the interval; below 1 a share of all steps, rounded up
   */
  public static Cadence of(Unit unit, double steps, double delay, int totalSteps) {
    return new Cadence(unit, (int) (steps < 1 ? Math.ceil(steps * totalSteps) : steps), delay);
  }

  /** Whether it is done when {@code step} steps of a plan are. */
  public boolean falls(int step, TrainingPlan plan) {
    boolean last = step == plan.totalSteps();
    return switch (unit) {
      case NO -> false;
      case STEPS -> (last || step % steps == 0) && step >= delay;
      case EPOCH ->
          (last || step % plan.stepsPerEpoch() == 0)
              && (double) step / plan.stepsPerEpoch() >= delay;
    };
  }
}
