package org.sparklora.sweep;

import java.util.List;
import java.util.Map;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Nearest;
import org.sparklora.pipeline.config.SettingsFile.Value;

/**
 * The metric that compares trials, from their logs.
 *
 * @param name name of the metric in the log
 * @param last number of last values to average
 */
public record SweepMetric(String name, boolean isSmallerBetter, int last) {
  private static final List<String> KEYS = List.of("name", "goal", "last");
  private static final List<String> GOALS = List.of("min", "max");
  private static final String EVALUATED = "eval_";

  static SweepMetric of(Map<String, Value> entries) {
    for (String key : entries.keySet()) {
      ConfigException.require(
          KEYS.contains(key),
          "metric",
          key,
          "a metric has name, goal (min or max) and, if wanted, last");
    }
    Value name = entries.get(KEYS.get(0));
    Value goal = entries.get(KEYS.get(1));
    ConfigException.require(
        name != null && !name.isUnset(),
        "metric",
        "nothing",
        "say by which number of the log trials are compared: {name: eval_loss, goal: min}");
    ConfigException.require(
        goal != null && GOALS.contains(goal.text()),
        "goal",
        goal == null ? "nothing" : goal.text(),
        "it is min or max");
    return new SweepMetric(name.text(), goal.text().equals("min"), last(entries.get(KEYS.get(2))));
  }

  private static int last(Value value) {
    if (value == null || value.isUnset()) {
      return 1;
    }
    boolean counts = value.typed() instanceof Integer number && number >= 1;
    ConfigException.require(
        counts, "last", value.text(), "it is how many of the last values are averaged: 1 or more");
    return (Integer) value.typed();
  }

  /** Refuses a metric that is not one of those by which trials are compared. */
  void requireLogged(List<String> known) {
    if (known.contains(name)) {
      return;
    }
    boolean unevaluated =
        name.startsWith(EVALUATED) && known.stream().noneMatch(one -> one.startsWith(EVALUATED));
    throw new ConfigException(
        "metric",
        name,
        unevaluated
            ? "nothing is evaluated; set eval_strategy and eval_steps in base"
            : "trials are not compared by it; "
                + Nearest.of(name, known).map("did you mean %s? "::formatted).orElse("")
                + "There are "
                + String.join(", ", known));
  }

  /** The mean of the last values, which are in the order of the steps; NaN without values. */
  double of(double[] values) {
    if (values.length == 0) {
      return Double.NaN;
    }
    double sum = 0;
    int count = Math.min(last, values.length);
    for (int i = values.length - count; i < values.length; i++) {
      sum += values[i];
    }
    return sum / count;
  }

  /** The value as a cost: negated if larger is better. */
  public double cost(double value) {
    return isSmallerBetter ? value : -value;
  }
}
