package org.sparklora.spark.run;

import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.spark.train.Cadence;

/**
 * When a run is evaluated.
 *
 * @param unit {@code eval_strategy}
 * @param steps {@code eval_steps}; below 1 a share of all steps
 * @param delay {@code eval_delay}
 * @param onStart {@code eval_on_start}
 */
public record EvalSchedule(Cadence.Unit unit, double steps, double delay, boolean onStart) {
  /** Settings that fit together. */
  public EvalSchedule {
    CheckpointConfig.requireInterval("eval_steps", unit, steps);
    ConfigException.require(
        unit != Cadence.Unit.NO || !onStart,
        "eval_on_start",
        true,
        "say when to evaluate with --eval_strategy");
    ConfigException.require(
        delay >= 0, "eval_delay", delay, "it is a number of steps or epochs, 0 or more");
  }

  /** Of a user's settings. */
  public static EvalSchedule of(Settings settings) {
    return new EvalSchedule(
        CheckpointConfig.unit(settings, "eval_strategy"),
        settings
            .text("eval_steps")
            .map(Double::valueOf)
            .filter(given -> given != 0)
            .orElse(settings.number("logging_steps")), // as transformers has it
        settings.number("eval_delay"),
        settings.isOn("eval_on_start"));
  }

  /** Whether there is any evaluation. */
  public boolean isOn() {
    return unit != Cadence.Unit.NO;
  }

  /** Which steps are evaluated in a run of so many. */
  public Cadence cadence(int totalSteps) {
    return Cadence.of(unit, steps, delay, totalSteps);
  }
}
