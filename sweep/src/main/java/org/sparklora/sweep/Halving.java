package org.sparklora.sweep;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.SettingsFile.Value;

/**
 * Successive halving (Jamieson and Talwalkar, 2016): all settings train for the steps of the first
 * rung, the better ones continue to the next, and those left after the last rung to the end.
 *
 * @param steps of the rungs, ascending
 * @param keep share of settings that continues after each rung, above 0 and below 1
 */
public record Halving(List<Integer> steps, double keep) {
  private static final List<String> KEYS = List.of("steps", "keep");

  public Halving {
    steps = List.copyOf(steps);
  }

  static Halving of(Map<String, Value> entries) {
    for (String key : entries.keySet()) {
      ConfigException.require(
          KEYS.contains(key),
          "halving",
          key,
          "it has steps and keep: {steps: [50, 200], keep: 0.5}");
    }
    Value steps = entries.get("steps");
    Value keep = entries.get("keep");
    List<Integer> rungs = new ArrayList<>();
    if (steps != null) {
      for (Value step : steps.elements().orElse(List.of())) {
        boolean rises =
            step.typed() instanceof Integer number
                && number > (rungs.isEmpty() ? 0 : rungs.get(rungs.size() - 1));
        ConfigException.require(
            rises, "halving", steps.text(), "steps are whole numbers that rise from 1 or more");
        rungs.add((Integer) step.typed());
      }
    }
    ConfigException.require(
        !rungs.isEmpty(), "halving", "nothing", "name the steps after which it chooses: [50, 200]");
    ConfigException.require(
        keep != null
            && keep.typed() instanceof Number share
            && share.doubleValue() > 0
            && share.doubleValue() < 1,
        "keep",
        keep == null ? "nothing" : keep.text(),
        "it is the share of settings that goes on, above 0 and below 1");
    return new Halving(rungs, ((Number) keep.typed()).doubleValue());
  }

  /** Refuses rungs that are not before the end of a trial. */
  void requireBeforeEnd(Trial trial) {
    int end = trial.maxSteps();
    ConfigException.require(
        end <= 0 || steps.get(steps.size() - 1) < end,
        "halving",
        steps,
        "the run of a trial (%s) ends after %s steps; the rungs are steps before that"
            .formatted(trial.shown(), end));
  }

  /**
   * The trials whose settings continue after a rung, in their order: those with the best means over
   * seeds. A setting with a trial that diverged before the rung, or one without a metric yet, is
   * worse than all others; of equal settings the earlier one continues.
   *
   * @throws ConfigException if the metric decides nothing, since no trial has logged it yet
   */
  public List<Trial> better(
      List<Trial> trials, Map<String, TrialOutcome> outcomes, SweepMetric metric, int step) {
    List<TrialOutcome> reached = trials.stream().map(trial -> outcomes.get(trial.name())).toList();
    ConfigException.require(
        reached.stream().anyMatch(one -> Double.isFinite(one.metric(metric, step)))
            || reached.stream().allMatch(one -> one.state() == TrialOutcome.State.DIVERGED),
        "halving",
        steps,
        "no trial has logged %s by step %s; choose later steps, or have it logged earlier"
            .formatted(metric.name(), step));
    Map<Map<String, String>, Double> costs =
        trials.stream()
            .collect(
                Collectors.groupingBy(
                    Trial::setting,
                    LinkedHashMap::new,
                    Collectors.averagingDouble(
                        trial -> cost(outcomes.get(trial.name()).metric(metric, step), metric))));
    Set<Map<String, String>> kept =
        costs.entrySet().stream()
            .sorted(Map.Entry.comparingByValue())
            .limit((long) Math.max(1, Math.ceil(keep * costs.size() - 1e-9))) // 0.28 · 25 > 7
            .map(Map.Entry::getKey)
            .collect(Collectors.toSet());
    return trials.stream().filter(trial -> kept.contains(trial.setting())).toList();
  }

  private static double cost(double value, SweepMetric metric) {
    return Double.isFinite(value) ? metric.cost(value) : Double.POSITIVE_INFINITY;
  }
}
