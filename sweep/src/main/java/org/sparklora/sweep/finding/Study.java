package org.sparklora.sweep.finding;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import org.sparklora.sweep.SweepMetric;
import org.sparklora.sweep.Trial;
import org.sparklora.sweep.TrialOutcome;

/**
 * The trials of a sweep with their outcomes.
 *
 * @param metric the metric that compares the trials
 * @param measured trials in the order of the grid
 */
public record Study(SweepMetric metric, List<Measured> measured) {
  public Study {
    measured = List.copyOf(measured);
  }

  /** A trial and its outcome. */
  public record Measured(Trial trial, TrialOutcome outcome) {}

  public static Study of(SweepMetric metric, List<Trial> trials, List<TrialOutcome> outcomes) {
    List<Measured> measured = new ArrayList<>();
    for (int i = 0; i < trials.size(); i++) {
      measured.add(new Measured(trials.get(i), outcomes.get(i)));
    }
    return new Study(metric, measured);
  }

  /** The seeds of all trials, ascending. */
  List<Integer> seeds() {
    return measured.stream().map(one -> one.trial().seed()).distinct().sorted().toList();
  }

  /** A trial's metric; NaN if the trial diverged, was stopped early, or did not log the metric. */
  double metric(Measured one) {
    return one.outcome().state() == TrialOutcome.State.DONE
        ? one.outcome().metric(metric, Integer.MAX_VALUE)
        : Double.NaN;
  }

  /**
   * The curves over a quantity: one for each group of trials that differ only in the quantity and
   * the seed.
   *
   * @param flags flags that determine the quantity
   * @param quantity the quantity of a trial
   */
  List<SeedCurve> curves(Set<String> flags, ToDoubleFunction<Trial> quantity) {
    List<Integer> seeds = seeds();
    Map<Map<String, String>, List<Measured>> groups = new LinkedHashMap<>();
    for (Measured one : measured) {
      groups.computeIfAbsent(one.trial().series(flags), key -> new ArrayList<>()).add(one);
    }
    List<SeedCurve> curves = new ArrayList<>();
    for (List<Measured> group : groups.values()) {
      double[] grid =
          group.stream()
              .mapToDouble(one -> quantity.applyAsDouble(one.trial()))
              .distinct()
              .sorted()
              .toArray();
      double[][] values = new double[grid.length][seeds.size()];
      for (double[] row : values) {
        Arrays.fill(row, Double.NaN);
      }
      for (Measured one : group) {
        int at = Arrays.binarySearch(grid, quantity.applyAsDouble(one.trial()));
        values[at][seeds.indexOf(one.trial().seed())] = metric(one);
      }
      Trial first = group.get(0).trial();
      curves.add(new SeedCurve(first.seriesLabel(flags), first, grid, values));
    }
    return curves;
  }
}
