package org.sparklora.spark.grpo;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Metrics collected since the last log row. As in TRL, each is averaged over the measurements that
 * have it, and those that are NaN do not count. Not thread-safe.
 */
final class MetricMeans {
  private final Map<String, List<Double>> values = new LinkedHashMap<>();

  /** The means of several measurements. */
  static Map<String, Double> of(List<Map<String, Double>> measurements) {
    MetricMeans means = new MetricMeans();
    measurements.forEach(means::add);
    return means.take();
  }

  void add(Map<String, Double> measurement) {
    measurement.forEach(
        (name, value) -> values.computeIfAbsent(name, n -> new ArrayList<>()).add(value));
  }

  /** The means, NaN where no measurement counts; begins anew. */
  Map<String, Double> take() {
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
