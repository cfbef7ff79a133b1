package org.sparklora.spark.run;

import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.train.Cadence;

/**
 * When a run is evaluated.
 *
 * @param unit {@code eval_strategy}
 * @param steps {@code eval_steps}; below 1 a share of all steps
 * @param delay {@code eval_delay}
 * @param onStart {@code eval_on_start}
 */
public record EvalSchedule(Cadence.Unit unit, double steps, double delay, boolean onStart) {
  public EvalSchedule {
    Cadence.requireInterval(Flags.EVAL_STEPS, unit, steps);
    ConfigException.require(
        unit != Cadence.Unit.NO || !onStart,
        Flags.EVAL_ON_START,
        true,
        "say when to evaluate with --eval_strategy");
  }

  public static EvalSchedule of(Settings settings) {
    return new EvalSchedule(
        settings.get(Flags.EVAL_STRATEGY, Cadence.Unit.class),
        settings
            .find(Flags.EVAL_STEPS)
            .filter(given -> given != 0)
            .orElse(settings.get(Flags.LOGGING_STEPS)), // as transformers has it
        settings.get(Flags.EVAL_DELAY),
        settings.get(Flags.EVAL_ON_START));
  }

  public boolean isOn() {
    return unit != Cadence.Unit.NO;
  }

  /** Refuses an evaluation for which a run is not prepared. */
  public void requireOn() {
    ConfigException.require(
        isOn(), Flags.EVAL_STRATEGY, "no", "an evaluation must be prepared: set it to steps");
  }

  /** The steps after which a run of {@code totalSteps} evaluates. */
  public Cadence cadence(int totalSteps) {
    return Cadence.of(unit, steps, delay, totalSteps);
  }
}
