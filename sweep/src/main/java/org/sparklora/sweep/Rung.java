package org.sparklora.sweep;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Selects the settings that continue after a rung of successive halving. */
public final class Rung {
  private Rung() {}

  /**
   * The trials whose settings continue, in their order: those with the best means over seeds. A
   * setting with a diverged trial, or one without a metric yet, is worse than all others; of equal
   * settings the earlier one continues.
   */
  public static List<Trial> better(
      List<Trial> trials, Map<String, TrialOutcome> outcomes, SweepFile file, int step) {
    Map<Map<String, String>, List<Double>> costs = new LinkedHashMap<>();
    for (Trial trial : trials) {
      double metric = outcomes.get(trial.name()).metric(file.metric(), step);
      double cost = Double.isFinite(metric) ? file.metric().cost(metric) : Double.POSITIVE_INFINITY;
      costs.computeIfAbsent(trial.setting(), setting -> new ArrayList<>()).add(cost);
    }
    Set<Map<String, String>> kept = new HashSet<>();
    costs.entrySet().stream()
        .sorted(Comparator.comparingDouble(entry -> mean(entry.getValue())))
        .limit(file.halving().orElseThrow().kept(costs.size()))
        .forEach(entry -> kept.add(entry.getKey()));
    return trials.stream().filter(trial -> kept.contains(trial.setting())).toList();
  }

  private static double mean(List<Double> costs) {
    return costs.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
  }
}
