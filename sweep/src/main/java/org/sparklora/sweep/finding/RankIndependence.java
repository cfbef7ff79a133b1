package org.sparklora.sweep.finding;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.IntToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.sparklora.observe.report.LineFigure;
import org.sparklora.sweep.SweepMetric;
import org.sparklora.sweep.Trial;

/**
 * "The first steps are the same for all ranks" (blog), since an adapter of rank r is the mean of r
 * adapters of rank 1: the spread of training losses over ranks at an equal rate, over the first
 * quarter of the run. It is relative to the difference of losses between that rate and the next one
 * in the same steps. Trials of a seed train on the same rows in the same order, so that the rows do
 * not contribute to either difference.
 *
 * @param low curves of the training loss at the lowest rate that all ranks have, one for each rank
 * @param high curves of the training loss at the next rate
 * @param rows number of the curves' points in the first quarter
 */
record RankIndependence(
    List<SeedCurve> low, List<SeedCurve> high, double rate, int rows, int seeds) {
  private static final SweepMetric LOSS = new SweepMetric("loss", true, 1);
  private static final double FIRST_SHARE = 0.25;

  /** A spread up to this share of the difference between two rates is negligible. */
  private static final double NEGLIGIBLE_SHARE = 0.1;

  /** Empty unless two rates above 0 have trials of all ranks, two or more, with a training loss. */
  static Optional<RankIndependence> of(Study study) {
    Study adapters = study.where(trial -> trial.isAdapter() && trial.rate() > 0);
    int ranks = (int) adapters.trials().map(Trial::rank).distinct().count();
    List<List<SeedCurve>> byRate =
        adapters
            .trials()
            .map(Trial::rate)
            .distinct()
            .sorted()
            .map(rate -> adapters.where(trial -> trial.rate() == rate).overSteps(LOSS))
            .filter(curves -> curves.size() == ranks && ranks > 1)
            .limit(2)
            .toList();
    if (byRate.size() < 2) {
      return Optional.empty();
    }
    List<SeedCurve> low = byRate.get(0);
    double[] steps = low.get(0).grid();
    boolean same =
        byRate.stream().flatMap(List::stream).allMatch(curve -> Arrays.equals(curve.grid(), steps));
    if (!same || steps.length == 0) {
      return Optional.empty();
    }
    double last = steps[steps.length - 1];
    int rows = (int) Arrays.stream(steps).filter(step -> step <= FIRST_SHARE * last).count();
    return Optional.of(
        new RankIndependence(
            low, byRate.get(1), low.get(0).of().rate(), Math.max(1, rows), study.seeds().size()));
  }

  /** Whether ranks hardly differ in the first steps. */
  static FindingRule rule(Study study) {
    Optional<RankIndependence> measured = of(study);
    return new FindingRule(
        measured
            .map(RankIndependence::quantity)
            .orElse("training losses of the first steps, over ranks"),
        "0",
        0,
        NEGLIGIBLE_SHARE,
        FindingRule.unless(
            measured.isPresent(),
            "it takes two ranks at the same two rates, and their training losses"),
        draw -> measured.orElseThrow().share(draw));
  }

  private String quantity() {
    return String.format(
        Locale.ROOT,
        "training losses of the first %.0f steps, spread over ranks %s at %s over that between rates",
        low.get(0).grid()[rows - 1],
        low.stream()
            .map(curve -> "" + curve.of().rank())
            .distinct()
            .collect(Collectors.joining(", ")),
        Conclusion.rate(rate));
  }

  /**
   * The largest minus the smallest mean loss of a rank, over the difference of the mean losses over
   * ranks at both rates, each averaged over the first steps.
   */
  private double share(Draw draw) {
    double[][] one = means(low, draw);
    double[][] other = means(high, draw);
    double spread =
        overFirstSteps(
            row ->
                ofRow(one, row).max().orElse(Double.NaN)
                    - ofRow(one, row).min().orElse(Double.NaN));
    return spread
        / overFirstSteps(
            row ->
                Math.abs(
                    ofRow(one, row).average().orElse(Double.NaN)
                        - ofRow(other, row).average().orElse(Double.NaN)));
  }

  private double overFirstSteps(IntToDoubleFunction ofRow) {
    return IntStream.range(0, rows).mapToDouble(ofRow).average().orElse(Double.NaN);
  }

  private static DoubleStream ofRow(double[][] means, int row) {
    return Arrays.stream(means).mapToDouble(m -> m[row]);
  }

  private static double[][] means(List<SeedCurve> curves, Draw draw) {
    return curves.stream().map(curve -> curve.means(draw.seeds())).toArray(double[][]::new);
  }

  /**
   * The figure of training losses at the lowest rate; without ranges, which would only show the
   * rows.
   */
  LineFigure figure() {
    return new LineFigure(
        "First steps of ranks",
        "training loss at a learning rate of %s; means over %s that see the same rows"
            .formatted(Conclusion.rate(rate), Conclusion.seeds(seeds)),
        "optimizer steps",
        LOSS.name(),
        false,
        low.stream().map(this::line).toList());
  }

  private LineFigure.Line line(SeedCurve curve) {
    double[] means = curve.means(Draw.measured(seeds).seeds());
    return new LineFigure.Line(curve.label(), curve.grid(), means, means, means, new double[0]);
  }
}
