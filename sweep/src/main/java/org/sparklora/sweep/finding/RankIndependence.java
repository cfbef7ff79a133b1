package org.sparklora.sweep.finding;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.IntToDoubleFunction;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.sparklora.observe.report.LineFigure;
import org.sparklora.sweep.SweepMetric;

/**
 * "The first steps are the same for all ranks" (blog), since an adapter of rank r is the mean of r
 * adapters of rank 1: the spread of training losses over ranks at an equal rate, over the first
 * quarter of the run. It is relative to the difference of losses between that rate and the next one
 * in the same steps. Trials of a seed train on the same rows in the same order, so that the rows do
 * not contribute to either difference.
 *
 * @param low curves of the training loss at the lowest rate that all ranks have, one for each rank
 * @param high curves of the training loss at the next rate
 * @param rate the lowest rate
 * @param rows number of the curves' points in the first quarter
 * @param seeds number of seeds
 */
record RankIndependence(
    List<SeedCurve> low, List<SeedCurve> high, double rate, int rows, int seeds) {
  private static final SweepMetric LOSS = new SweepMetric("loss", true, 1);
  private static final String QUANTITY =
      "training losses of the first %.0f steps, spread over ranks %s at %s over that between rates";
  private static final String WITHOUT_NUMBERS = "training losses of the first steps, over ranks";
  private static final String BLOG = "0";
  private static final double FIRST_SHARE = 0.25;

  /** A spread up to this share of the difference between two rates is negligible. */
  private static final double NEGLIGIBLE_SHARE = 0.1;

  /** Empty unless two rates have trials of all ranks, two or more, with a training loss. */
  static Optional<RankIndependence> of(Study study) {
    int ranks = (int) adapters(study).mapToInt(one -> one.trial().rank()).distinct().count();
    List<List<SeedCurve>> byRate =
        adapters(study)
            .map(one -> one.trial().rate())
            .distinct()
            .sorted(Comparator.naturalOrder())
            .map(rate -> curves(study, rate))
            .filter(curves -> curves.size() == ranks && ranks > 1)
            .toList();
    if (byRate.size() < 2) {
      return Optional.empty();
    }
    List<SeedCurve> low = byRate.get(0);
    double[] steps = low.get(0).grid();
    boolean same =
        byRate.stream()
            .limit(2)
            .flatMap(List::stream)
            .allMatch(curve -> Arrays.equals(curve.grid(), steps));
    if (!same || steps.length == 0) {
      return Optional.empty();
    }
    double last = steps[steps.length - 1];
    int rows = (int) Arrays.stream(steps).filter(step -> step <= FIRST_SHARE * last).count();
    return Optional.of(
        new RankIndependence(
            low, byRate.get(1), low.get(0).of().rate(), Math.max(1, rows), study.seeds().size()));
  }

  private static Stream<Study.Measured> adapters(Study study) {
    return study.measured().stream().filter(one -> one.trial().isAdapter());
  }

  private static List<SeedCurve> curves(Study study, double rate) {
    List<Study.Measured> ofRate =
        adapters(study).filter(one -> one.trial().rate() == rate).toList();
    // all seeds of the study, in the study's order
    return StepCurves.of(new Study(LOSS, ofRate), study.seeds(), LOSS);
  }

  /** The verdict on whether ranks hardly differ in the first steps. */
  static Conclusion verdict(Study study) {
    return of(study)
        .map(RankIndependence::verdict)
        .orElseGet(
            () ->
                Conclusion.undecided(
                    WITHOUT_NUMBERS,
                    study.seeds().size(),
                    BLOG,
                    "it takes two ranks at the same two rates, and their training losses"));
  }

  private Conclusion verdict() {
    String ranks =
        String.join(", ", low.stream().map(curve -> "" + curve.of().rank()).distinct().toList());
    ToDoubleFunction<Draw> share = draw -> spread(draw) / difference(draw);
    return Conclusion.of(
        String.format(
            Locale.ROOT, QUANTITY, low.get(0).grid()[rows - 1], ranks, Conclusion.rate(rate)),
        share.applyAsDouble(Draw.measured(seeds)),
        Bootstrap.of(seeds, share),
        seeds,
        BLOG,
        0,
        NEGLIGIBLE_SHARE);
  }

  /** The largest minus the smallest mean loss of a rank, averaged over the first steps. */
  private double spread(Draw draw) {
    double[][] means = means(low, draw);
    return overFirstSteps(
        row ->
            Arrays.stream(means).mapToDouble(m -> m[row]).max().orElse(Double.NaN)
                - Arrays.stream(means).mapToDouble(m -> m[row]).min().orElse(Double.NaN));
  }

  /** The difference of the mean losses over ranks at both rates, averaged over the first steps. */
  private double difference(Draw draw) {
    double[][] one = means(low, draw);
    double[][] other = means(high, draw);
    return overFirstSteps(row -> Math.abs(mean(one, row) - mean(other, row)));
  }

  private double overFirstSteps(IntToDoubleFunction ofRow) {
    return IntStream.range(0, rows).mapToDouble(ofRow).average().orElse(Double.NaN);
  }

  private static double mean(double[][] means, int row) {
    return Arrays.stream(means).mapToDouble(m -> m[row]).average().orElse(Double.NaN);
  }

  private static double[][] means(List<SeedCurve> curves, Draw draw) {
    return curves.stream().map(curve -> curve.means(draw.seeds())).toArray(double[][]::new);
  }

  /**
   * The figure of training losses at the lowest rate; without ranges, which would only show the
   * rows.
   */
  LineFigure figure() {
    List<LineFigure.Line> lines = new ArrayList<>();
    for (SeedCurve curve : low) {
      double[] means = curve.means(Draw.measured(seeds).seeds());
      lines.add(
          new LineFigure.Line(curve.label(), curve.grid(), means, means, means, new double[0]));
    }
    return new LineFigure(
        "First steps of ranks",
        "training loss at a learning rate of %s; means over %s seed%s that see the same rows"
            .formatted(Conclusion.rate(rate), seeds, seeds == 1 ? "" : "s"),
        "optimizer steps",
        LOSS.name(),
        false,
        lines);
  }
}
