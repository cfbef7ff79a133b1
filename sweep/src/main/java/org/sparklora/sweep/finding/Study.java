package org.sparklora.sweep.finding;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleBinaryOperator;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.sparklora.observe.report.LineFigure;
import org.sparklora.sweep.SweepMetric;
import org.sparklora.sweep.Trial;
import org.sparklora.sweep.TrialOutcome;

/**
 * The trials of a sweep with their outcomes.
 *
 * @param seeds seeds of the repetitions of all trials, ascending
 * @param measured trials in the order of the grid
 */
public record Study(SweepMetric metric, List<Trial.Seeds> seeds, List<Measured> measured) {
  private static final Comparator<Trial.Seeds> ASCENDING =
      Comparator.comparingInt(Trial.Seeds::seed).thenComparingInt(Trial.Seeds::dataSeed);

  public Study {
    seeds = List.copyOf(seeds);
    measured = List.copyOf(measured);
  }

  public record Measured(Trial trial, TrialOutcome outcome) {}

  public static Study of(SweepMetric metric, List<Trial> trials, List<TrialOutcome> outcomes) {
    List<Measured> measured = new ArrayList<>();
    for (int i = 0; i < trials.size(); i++) {
      measured.add(new Measured(trials.get(i), outcomes.get(i)));
    }
    return new Study(
        metric, trials.stream().map(Trial::seeds).distinct().sorted(ASCENDING).toList(), measured);
  }

  /** All trials, without their outcomes. */
  Stream<Trial> trials() {
    return measured.stream().map(Measured::trial);
  }

  /** The trials of one kind, with the seeds of all. */
  Study where(Predicate<Trial> kind) {
    return new Study(
        metric, seeds, measured.stream().filter(one -> kind.test(one.trial())).toList());
  }

  /** A trial's metric; NaN if the trial diverged, was stopped early, or did not log the metric. */
  double metric(Measured one) {
    return one.outcome().state() == TrialOutcome.State.DONE
        ? one.outcome().metric(metric, TrialOutcome.END)
        : Double.NaN;
  }

  /**
   * One curve for each group of trials that differ only in learning rate and seed.
   *
   * @param points a trial's points, each {@code (x, y)}
   * @param choice combines a seed's value at an x so far, NaN at first, with the next one
   */
  List<SeedCurve> curves(Function<Measured, Stream<double[]>> points, DoubleBinaryOperator choice) {
    Map<Map<String, String>, List<Measured>> groups =
        measured.stream()
            .collect(
                Collectors.groupingBy(
                    one -> one.trial().series(), LinkedHashMap::new, Collectors.toList()));
    return groups.values().stream().map(group -> curve(group, points, choice)).toList();
  }

  /**
   * A metric of the log over the optimizer steps, without diverged trials: at each step the best
   * over the learning rates, as in the blog's figures.
   */
  List<SeedCurve> overSteps(SweepMetric logged) {
    return curves(
        one ->
            one.outcome().log().stream()
                .filter(row -> one.outcome().state() != TrialOutcome.State.DIVERGED)
                .filter(row -> row.containsKey(logged.name()))
                .filter(row -> row.getOrDefault(TrialOutcome.STEP, 0.0) > 0)
                .map(row -> new double[] {row.get(TrialOutcome.STEP), row.get(logged.name())}),
        (before, value) ->
            Double.isNaN(before) || logged.cost(value) < logged.cost(before) ? value : before);
  }

  /** The figure of {@link #overSteps}: means over seeds with their range. */
  LineFigure figureOverSteps(String title, SweepMetric logged, boolean logarithmic) {
    return new LineFigure(
        title,
        "at each step the best over the learning rates; means over %s with their range"
            .formatted(Conclusion.seeds(seeds.size())),
        "optimizer steps",
        logged.name(),
        logarithmic,
        overSteps(logged).stream().map(curve -> curve.line(seeds.size(), new double[0])).toList());
  }

  private SeedCurve curve(
      List<Measured> group,
      Function<Measured, Stream<double[]>> points,
      DoubleBinaryOperator choice) {
    double[] grid =
        group.stream().flatMap(points).mapToDouble(point -> point[0]).distinct().sorted().toArray();
    double[][] values = new double[grid.length][seeds.size()];
    for (double[] row : values) {
      Arrays.fill(row, Double.NaN);
    }
    for (Measured one : group) {
      int seed = seeds.indexOf(one.trial().seeds());
      points
          .apply(one)
          .forEach(
              point -> {
                double[] row = values[Arrays.binarySearch(grid, point[0])];
                row[seed] = choice.applyAsDouble(row[seed], point[1]);
              });
    }
    Trial first = group.get(0).trial();
    return new SeedCurve(first.seriesLabel(), first, grid, values);
  }
}
