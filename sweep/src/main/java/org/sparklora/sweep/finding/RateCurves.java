package org.sparklora.sweep.finding;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import java.util.function.ToIntFunction;
import java.util.stream.Stream;
import org.sparklora.observe.report.LineFigure;
import org.sparklora.sweep.SweepMetric;
import org.sparklora.sweep.Trial;

/**
 * The metric over the learning rate, for each kind of trial; the basis of most findings. Trials at
 * a rate of 0 are left out, since a logarithmic axis has no place for them.
 */
record RateCurves(SweepMetric metric, List<SeedCurve> curves, int seeds) {

  static RateCurves of(Study all) {
    Study study = all.where(trial -> trial.rate() > 0);
    return new RateCurves(
        study.metric(),
        study.curves(
            one -> Stream.of(new double[] {one.trial().rate(), study.metric(one)}),
            (before, value) -> value),
        study.seeds().size());
  }

  RateCurves where(Predicate<Trial> kind) {
    return new RateCurves(
        metric, curves.stream().filter(curve -> kind.test(curve.of())).toList(), seeds);
  }

  RateCurves adapters() {
    return where(Trial::isAdapter);
  }

  /** The curves of full fine-tuning. */
  RateCurves full() {
    return where(trial -> !trial.isAdapter());
  }

  /** The values of a quantity, ascending. */
  List<Integer> distinct(ToIntFunction<Trial> quantity) {
    return curves.stream()
        .map(curve -> quantity.applyAsInt(curve.of()))
        .distinct()
        .sorted()
        .toList();
  }

  boolean haveSeveralRates() {
    return curves.stream().anyMatch(curve -> curve.grid().length > 1);
  }

  /** The reason why adapters and full fine-tuning cannot be compared: one of them is missing. */
  Optional<String> obstacleToComparison() {
    return FindingRule.unless(
        !adapters().curves().isEmpty() && !full().curves().isEmpty(),
        "it takes trials of an adapter and of all weights");
  }

  /**
   * The reason why the metric at the best rates is unknown: a best rate is at the edge of its grid,
   * or does not exist. Empty if all are known; a curve with a single rate counts as known.
   */
  Optional<String> obstacle() {
    for (SeedCurve curve : curves) {
      List<Optimum> readings = curve.readings(metric, measured());
      if (readings.isEmpty()) {
        return Optional.of("no rate of %s has a number for every seed".formatted(curve.label()));
      }
      if (readings.get(0).isAtEdge() && curve.grid().length > 1) {
        return Optional.of(
            "best rate at the edge of the grid (%s: %s)"
                .formatted(curve.label(), Conclusion.rate(Math.pow(10, readings.get(0).at()))));
      }
    }
    return Optional.empty();
  }

  /** The reason why the best rates are unknown: {@link #obstacle}, or too few rates nearby. */
  Optional<String> obstacleToRates() {
    return obstacle()
        .or(
            () ->
                curves.stream()
                    .filter(curve -> curve.readings(metric, measured()).size() < 2)
                    .findFirst()
                    .map(
                        curve ->
                            curve.grid().length == 1
                                ? "a single rate has no best one (%s); add more"
                                    .formatted(curve.label())
                                : "three rates about the best do not tell how far a parabola errs (%s); add one beside them"
                                    .formatted(curve.label())));
  }

  /** The measured result, without a draw. */
  Draw measured() {
    return Draw.measured(seeds);
  }

  /**
   * The mean decimal logarithm of the best rates; NaN if one is not inside its grid.
   *
   * @param open name in {@link Draw} of the reading between grid points, the same for all curves,
   *     since their shapes are similar
   */
  private double meanDecade(Draw draw, String open) {
    double sum = 0;
    for (SeedCurve curve : curves) {
      sum += decade(curve, draw, open);
    }
    return curves.isEmpty() ? Double.NaN : sum / curves.size();
  }

  /** The decimal logarithm of a curve's best rate; NaN if it is not inside its grid. */
  double decade(SeedCurve curve, Draw draw, String open) {
    return curve
        .optimum(metric, draw, open)
        .filter(best -> !best.isAtEdge())
        .map(Optimum::at)
        .orElse(Double.NaN);
  }

  /**
   * The ratio of the best rates of adapters and of full fine-tuning, in each draw.
   *
   * @param of distinguishes this ratio from others in {@link Draw}
   */
  ToDoubleFunction<Draw> ratio(String of) {
    RateCurves adapters = adapters();
    RateCurves full = full();
    return draw ->
        Math.pow(
            10, adapters.meanDecade(draw, "adapters" + of) - full.meanDecade(draw, "full" + of));
  }

  /**
   * The least cost of any curve at any rate; NaN if no curve has a value.
   *
   * @param open name in {@link Draw} of the cost that a finer grid might reach
   */
  double leastCost(Draw draw, String open) {
    return curves.stream()
        .mapToDouble(curve -> curve.leastCostOfAnyRate(metric, draw, open))
        .filter(cost -> !Double.isNaN(cost))
        .min()
        .orElse(Double.NaN);
  }

  /** Each curve's optimum with its interval, for {@code results.json}. */
  List<Map<String, Object>> optima() {
    List<Map<String, Object>> optima = new ArrayList<>();
    for (SeedCurve curve : curves) {
      Map<String, Object> numbers = new LinkedHashMap<>();
      numbers.put("label", curve.label());
      numbers.put("adapter", curve.of().isAdapter());
      numbers.put("rank", curve.of().rank());
      Optional<Optimum> best = curve.readings(metric, measured()).stream().findFirst();
      numbers.put("best_rate", best.map(optimum -> Conclusion.rateOf(optimum.at())).orElse(null));
      numbers.put("at_edge", best.map(Optimum::isAtEdge).orElse(null));
      Bootstrap.Interval interval =
          Bootstrap.of(
              seeds,
              draw ->
                  curve.optimum(metric, draw, curve.label()).map(Optimum::at).orElse(Double.NaN));
      numbers.put("low", Conclusion.rateOf(interval.low()));
      numbers.put("high", Conclusion.rateOf(interval.high()));
      numbers.put(
          "best_metric", Conclusion.finite(metric.cost(curve.leastCost(metric, measured()))));
      optima.add(numbers);
    }
    return optima;
  }

  /** The figure: means over seeds with their range, and the optimum marked. */
  LineFigure figure(String title) {
    return new LineFigure(
        title,
        "means over %s with their range; a ring is the optimum of the parabola"
            .formatted(Conclusion.seeds(seeds)),
        "learning rate",
        metric.name(),
        true,
        curves.stream().map(curve -> curve.line(seeds, ring(curve))).toList());
  }

  private double[] ring(SeedCurve curve) {
    return curve
        .optimum(metric, measured(), "")
        .filter(best -> !best.isAtEdge())
        .map(best -> new double[] {Math.pow(10, best.at()), metric.cost(best.cost())})
        .orElse(new double[0]);
  }
}
