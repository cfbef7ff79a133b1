package org.sparklora.sweep.finding;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.sparklora.observe.report.LineFigure;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.sweep.SweepMetric;
import org.sparklora.sweep.Trial;

/**
 * The metric over the optimizer steps, for each kind of trial: at each step the best over the
 * learning rates, as in the blog's figures.
 */
final class StepCurves {
  private static final Set<String> RATE = Set.of(Flags.LEARNING_RATE.name());

  private StepCurves() {}

  /**
   * One curve for each group of trials that differ only in rate and seed.
   *
   * @param metric a metric of the log, not necessarily the sweep's
   */
  static List<SeedCurve> of(Study study, SweepMetric metric) {
    return of(study, study.seeds(), metric);
  }

  /**
   * The curves of some trials of a study.
   *
   * @param seeds all seeds of the whole study
   */
  static List<SeedCurve> of(Study study, List<Integer> seeds, SweepMetric metric) {
    Map<Map<String, String>, List<Study.Measured>> groups = new LinkedHashMap<>();
    for (Study.Measured one : study.measured()) {
      groups.computeIfAbsent(one.trial().series(RATE), key -> new ArrayList<>()).add(one);
    }
    List<SeedCurve> curves = new ArrayList<>();
    for (List<Study.Measured> group : groups.values()) {
      curves.add(curve(metric, group, seeds));
    }
    return curves;
  }

  private static SeedCurve curve(
      SweepMetric metric, List<Study.Measured> group, List<Integer> seeds) {
    TreeSet<Double> steps = new TreeSet<>();
    for (Study.Measured one : group) {
      Arrays.stream(one.outcome().steps(metric.name())).filter(s -> s > 0).forEach(steps::add);
    }
    double[] grid = steps.stream().mapToDouble(Double::doubleValue).toArray();
    double[][] values = new double[grid.length][seeds.size()];
    for (double[] row : values) {
      Arrays.fill(row, Double.NaN);
    }
    for (Study.Measured one : group) {
      int seed = seeds.indexOf(one.trial().seed());
      double[] at = one.outcome().steps(metric.name());
      double[] logged = one.outcome().values(metric.name(), Integer.MAX_VALUE);
      for (int i = 0; i < at.length; i++) {
        int row = Arrays.binarySearch(grid, at[i]);
        if (row >= 0) {
          double before = values[row][seed];
          boolean better = Double.isNaN(before) || metric.cost(logged[i]) < metric.cost(before);
          values[row][seed] = better ? logged[i] : before;
        }
      }
    }
    Trial first = group.get(0).trial();
    return new SeedCurve(first.seriesLabel(RATE), first, grid, values);
  }

  /** The figure: means over seeds with their range. */
  static LineFigure figure(
      String title, SweepMetric metric, List<SeedCurve> curves, int seeds, boolean logarithmic) {
    return new LineFigure(
        title,
        "at each step the best over the learning rates; means over %s seed%s with their range"
            .formatted(seeds, seeds == 1 ? "" : "s"),
        "optimizer steps",
        metric.name(),
        logarithmic,
        curves.stream().map(curve -> curve.line(seeds, new double[0])).toList());
  }
}
