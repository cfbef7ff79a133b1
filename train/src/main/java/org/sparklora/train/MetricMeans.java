package org.sparklora.train;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Metrics collected since the last log row. As in TRL, each metric is averaged over the
 * measurements that have it, without NaN. Not thread-safe.
 */
public final class MetricMeans {
  private final Map<String, List<Double>> values = new LinkedHashMap<>();

  public static Map<String, Double> of(List<Map<String, Double>> measurements) {
    MetricMeans means = new MetricMeans();
    measurements.forEach(means::add);
    return means.take();
  }

  public void add(Map<String, Double> measurement) {
    measurement.forEach(
        (name, value) -> values.computeIfAbsent(name, n -> new ArrayList<>()).add(value));
  }

  /** All measurements since the last {@link #take}, for a checkpoint. */
  public Map<String, List<Double>> values() {
    return values;
  }

  /** Replaces the measurements by those of a checkpoint. */
  public void restore(Map<String, List<Double>> saved) {
    values.clear();
    saved.forEach((name, all) -> values.put(name, new ArrayList<>(all)));
  }

  /** Returns the means, NaN for a metric that was only NaN, and clears the measurements. */
  public Map<String, Double> take() {
    Map<String, Double> means = new LinkedHashMap<>();
    values.forEach(
        (name, all) ->
            means.put(
                name,
                all.stream()
                    .filter(value -> !value.isNaN())
                    .mapToDouble(Double::doubleValue)
                    .average()
                    .orElse(Double.NaN)));
    values.clear();
    return means;
  }
}
