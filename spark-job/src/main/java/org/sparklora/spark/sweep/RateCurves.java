package org.sparklora.spark.sweep;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.spark.report.LineFigure;

/**
 * The metric over the learning rate, for each kind of trial: what most findings are read from.
 *
 * @param curves one for each kind
 * @param seeds how many there are
 */
record RateCurves(SweepMetric metric, List<SeedCurve> curves, int seeds) {
  private static final Set<String> RATE = Set.of(Flags.LEARNING_RATE.name());

  static RateCurves of(Study study) {
    return new RateCurves(study.metric(), study.curves(RATE, Trial::rate), study.seeds().size());
  }

  /** Those whose trials are of a kind. */
  RateCurves where(Predicate<Trial> kind) {
    return new RateCurves(
        metric, curves.stream().filter(curve -> kind.test(curve.of())).toList(), seeds);
  }

  /**
   * Why the best rates are not known: one of them lies at the edge of its grid, or there is none.
   * Empty where all are; a curve of a single rate has one that was chosen before.
   */
  Optional<String> obstacle() {
    for (SeedCurve curve : curves) {
      Optional<Optimum> best = curve.optimum(metric, SeedCurve.all(seeds));
      if (best.isEmpty()) {
        return Optional.of("no rate of %s has a number for every seed".formatted(curve.label()));
      }
      if (best.get().isAtEdge() && curve.grid().length > 1) {
        return Optional.of(
            "best rate at the edge of the grid (%s: %s)"
                .formatted(curve.label(), Verdict.rate(Math.pow(10, best.get().at()))));
      }
    }
    return Optional.empty();
  }

  /** The mean decade of the best rates; NaN where one of them is not inside of its grid. */
  double meanDecade(int[] drawn) {
    double sum = 0;
    for (SeedCurve curve : curves) {
      Optional<Optimum> best = curve.optimum(metric, drawn);
      if (best.isEmpty() || best.get().isAtEdge()) {
        return Double.NaN;
      }
      sum += best.get().at();
    }
    return curves.isEmpty() ? Double.NaN : sum / curves.size();
  }

  /** The best mean over seeds of any curve; NaN where none has a value. */
  double best(int[] drawn) {
    double best = Double.NaN;
    for (SeedCurve curve : curves) {
      double value = curve.best(metric, drawn);
      boolean better = Double.isNaN(best) || metric.cost(value) < metric.cost(best);
      best = !Double.isNaN(value) && better ? value : best;
    }
    return best;
  }

  /** Each curve's optimum with its interval, for programs. */
  List<Map<String, Object>> optima() {
    List<Map<String, Object>> optima = new ArrayList<>();
    for (SeedCurve curve : curves) {
      Map<String, Object> numbers = new LinkedHashMap<>();
      numbers.put("label", curve.label());
      numbers.put("adapter", curve.of().isAdapter());
      numbers.put("rank", curve.of().rank());
      Optional<Optimum> best = curve.optimum(metric, SeedCurve.all(seeds));
      numbers.put(
          "best_rate",
          best.map(optimum -> Verdict.finite(Math.pow(10, optimum.at()))).orElse(null));
      numbers.put("at_edge", best.map(Optimum::isAtEdge).orElse(null));
      Bootstrap.Interval interval =
          Bootstrap.of(
              seeds, drawn -> curve.optimum(metric, drawn).map(Optimum::at).orElse(Double.NaN));
      numbers.put("low", Verdict.finite(Math.pow(10, interval.low())));
      numbers.put("high", Verdict.finite(Math.pow(10, interval.high())));
      numbers.put("best_metric", Verdict.finite(curve.best(metric, SeedCurve.all(seeds))));
      optima.add(numbers);
    }
    return optima;
  }

  /** The picture: mean over seeds with their range, and the optimum marked. */
  LineFigure figure(String title) {
    List<LineFigure.Line> lines = new ArrayList<>();
    for (SeedCurve curve : curves) {
      Optional<Optimum> best =
          curve.optimum(metric, SeedCurve.all(seeds)).filter(optimum -> !optimum.isAtEdge());
      lines.add(
          curve.line(
              seeds,
              best.map(
                      optimum ->
                          new double[] {Math.pow(10, optimum.at()), metric.cost(optimum.cost())})
                  .orElse(new double[0])));
    }
    return new LineFigure(
        title,
        "means over %d seed%s with their range; a ring is the optimum of the parabola"
            .formatted(seeds, seeds == 1 ? "" : "s"),
        "learning rate",
        metric.name(),
        true,
        lines);
  }
}
