package org.sparklora.sweep.finding;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import org.sparklora.observe.report.LineFigure;
import org.sparklora.sweep.Trial;

/**
 * "The optimal learning rate for LoRA is ten times that of full fine-tuning" (blog): the ratio of
 * the optima, with the geometric mean over ranks. The finding holds for ratios within a factor of
 * two of ten.
 */
final class LearningRateFinding {
  private static final String RATIO = "learning-rate ratio LoRA/full";
  private static final double BLOG = 10;
  private static final double FACTOR = 2;

  /** Least rank of those that share an optimum (blog: 4 to 512); rank 1 has a lower one. */
  private static final int LEAST_RANK = 4;

  private static final String SPREAD = "spread of best rates over ranks %d and more";

  private LearningRateFinding() {}

  static Findings of(Study study) {
    RateCurves all = RateCurves.of(study);
    Map<String, Object> numbers = new LinkedHashMap<>();
    numbers.put("optima", all.optima());
    List<LineFigure> figures = new ArrayList<>();
    figures.add(all.figure("Best learning rates of LoRA and of full fine-tuning"));
    RankIndependence.of(study).map(RankIndependence::figure).ifPresent(figures::add);
    return new Findings(
        List.of(ratio(all), spread(all), RankIndependence.verdict(study)), figures, numbers);
  }

  private static Conclusion ratio(RateCurves all) {
    String blog = Conclusion.number(BLOG);
    RateCurves adapters = all.where(Trial::isAdapter);
    RateCurves full = all.where(trial -> !trial.isAdapter());
    if (adapters.curves().isEmpty() || full.curves().isEmpty()) {
      return Conclusion.undecided(
          RATIO, all.seeds(), blog, "it takes trials of an adapter and of all weights");
    }
    Optional<String> obstacle = all.obstacleToRates();
    if (obstacle.isPresent()) {
      return Conclusion.undecided(RATIO, all.seeds(), blog, obstacle.get());
    }
    ToDoubleFunction<Draw> ratio = RateCurves.ratio(adapters, full, "");
    return Conclusion.of(
        RATIO,
        ratio.applyAsDouble(Draw.measured(all.seeds())),
        Bootstrap.of(all.seeds(), ratio),
        all.seeds(),
        blog,
        BLOG / FACTOR,
        BLOG * FACTOR);
  }

  /** The verdict on the ratio of the largest to the smallest best rate. */
  private static Conclusion spread(RateCurves all) {
    String quantity = String.format(Locale.ROOT, SPREAD, LEAST_RANK);
    String blog = "below 2";
    RateCurves ranks = all.where(trial -> trial.rank() >= LEAST_RANK);
    if (ranks.curves().size() < 2) {
      return Conclusion.undecided(quantity, all.seeds(), blog, "it takes two such ranks");
    }
    Optional<String> obstacle = ranks.obstacleToRates();
    if (obstacle.isPresent()) {
      return Conclusion.undecided(quantity, all.seeds(), blog, obstacle.get());
    }
    ToDoubleFunction<Draw> spread =
        draw -> {
          double[] decades =
              ranks.curves().stream()
                  .mapToDouble(curve -> ranks.decade(curve, draw, curve.label()))
                  .sorted() // NaN last, which makes the difference NaN
                  .toArray();
          return Math.pow(10, decades[decades.length - 1] - decades[0]);
        };
    return Conclusion.of(
        quantity,
        spread.applyAsDouble(Draw.measured(all.seeds())),
        Bootstrap.of(all.seeds(), spread),
        all.seeds(),
        blog,
        1,
        FACTOR);
  }
}
