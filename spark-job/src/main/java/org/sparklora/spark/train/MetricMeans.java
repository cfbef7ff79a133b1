package org.sparklora.spark.train;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Metrics collected since the last log row. As in TRL, each is averaged over the measurements that
 * have it, and those that are NaN do not count. Not thread-safe.
 */
public final class MetricMeans {
  private final Map<String, List<Double>> values = new LinkedHashMap<>();

  /** The means of several measurements. */
  public static Map<String, Double> of(List<Map<String, Double>> measurements) {
    MetricMeans means = new MetricMeans();
    measurements.forEach(means::add);
    return means.take();
  }

  /** Takes a measurement in. */
  public void add(Map<String, Double> measurement) {
    measurement.forEach(
        (name, value) -> values.computeIfAbsent(name, n -> new ArrayList<>()).add(value));
  }

  /** All measurements that the next means are made of, for a checkpoint. */
  public Map<String, List<Double>> values() {
    return values;
  }

  /** Goes on with the measurements of a checkpoint. */
  public void restore(Map<String, List<Double>> saved) {
    values.clear();
    saved.forEach((name, all) -> values.put(name, new ArrayList<>(all)));
  }

  /** The means, NaN where no measurement counts; begins anew. */
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
