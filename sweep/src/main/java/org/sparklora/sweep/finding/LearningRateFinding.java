package org.sparklora.sweep.finding;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.sparklora.observe.report.LineFigure;

/**
 * "The optimal learning rate for LoRA is ten times that of full fine-tuning" (blog): the ratio of
 * the optima, with the geometric mean over ranks. The finding holds for ratios within a factor of
 * two of ten.
 */
final class LearningRateFinding {
  private static final double BLOG = 10;
  private static final double FACTOR = 2;

  /** Least rank of those that share an optimum (blog: 4 to 512); rank 1 has a lower one. */
  private static final int LEAST_RANK = 4;

  private LearningRateFinding() {}

  static Findings of(Study study) {
    RateCurves all = RateCurves.of(study);
    List<LineFigure> figures = new ArrayList<>();
    figures.add(all.figure("Best learning rates of LoRA and of full fine-tuning"));
    RankIndependence.of(study).map(RankIndependence::figure).ifPresent(figures::add);
    return Findings.of(
        study,
        List.of(ratio(all), spread(all), RankIndependence.rule(study)),
        figures,
        Map.of("optima", all.optima()));
  }

  private static FindingRule ratio(RateCurves all) {
    return new FindingRule(
        "learning-rate ratio LoRA/full",
        Conclusion.number(BLOG),
        BLOG / FACTOR,
        BLOG * FACTOR,
        all.obstacleToComparison().or(all::obstacleToRates),
        all.ratio(""));
  }

  /** The ratio of the largest to the smallest best rate. */
  private static FindingRule spread(RateCurves all) {
    RateCurves ranks = all.where(trial -> trial.rank() >= LEAST_RANK);
    return new FindingRule(
        "spread of best rates over ranks %s and more".formatted(LEAST_RANK),
        "below 2",
        1,
        FACTOR,
        FindingRule.unless(ranks.curves().size() >= 2, "it takes two such ranks")
            .or(ranks::obstacleToRates),
        draw -> {
          double[] decades =
              ranks.curves().stream()
                  .mapToDouble(curve -> ranks.decade(curve, draw, curve.label()))
                  .sorted() // NaN last, which makes the difference NaN
                  .toArray();
          return Math.pow(10, decades[decades.length - 1] - decades[0]);
        });
  }
}
