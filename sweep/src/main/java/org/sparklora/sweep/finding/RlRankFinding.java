package org.sparklora.sweep.finding;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.sparklora.observe.report.LineFigure;
import org.sparklora.sweep.SweepMetric;

/**
 * "In RL, rank 1 matches full fine-tuning, and LoRA has a wider band of good learning rates"
 * (blog): the difference of the metric at their best rates, and the band of each: the ratio of the
 * largest to the smallest good rate.
 */
final class RlRankFinding {
  /** Rank 1 matches if it is worse by at most this share of full fine-tuning's metric. */
  private static final double MARGIN_SHARE = 0.05;

  /** A rate is good if its cost exceeds the least cost by at most this share of it. */
  private static final double GOOD_SHARE = 0.1;

  private static final int LEAST_RATES = 3;

  /** The reward in the training log. */
  private static final String REWARD = "reward";

  private RlRankFinding() {}

  static Findings of(Study study) {
    RateCurves all = RateCurves.of(study);
    Map<String, Object> bands = new LinkedHashMap<>();
    for (SeedCurve curve : all.curves()) {
      bands.put(
          curve.label(),
          Conclusion.finite(band(all.metric(), curve, all.measured(), curve.label())));
    }
    return Findings.of(
        study,
        List.of(match(all), band(all)),
        figures(study, all),
        Map.of("optima", all.optima(), "bands", bands));
  }

  /**
   * The metric over the learning rates, if there are several, and rewards over the steps, as in the
   * guide.
   */
  private static List<LineFigure> figures(Study study, RateCurves all) {
    List<LineFigure> figures = new ArrayList<>();
    if (all.haveSeveralRates()) {
      figures.add(all.figure("Learning from rewards, by learning rate"));
    }
    boolean logged =
        study.measured().stream()
            .flatMap(one -> one.outcome().log().stream())
            .anyMatch(row -> row.containsKey(REWARD));
    figures.add(
        study.figureOverSteps(
            "Learning from rewards: rank 1 beside full fine-tuning",
            logged ? new SweepMetric(REWARD, false, 1) : study.metric(),
            false));
    return figures;
  }

  private static FindingRule match(RateCurves all) {
    RateCurves one = all.where(trial -> trial.rank() == 1);
    RateCurves full = all.full();
    double margin = MARGIN_SHARE * Math.abs(reached(full, all.measured(), ""));
    boolean larger = !all.metric().isSmallerBetter();
    return new FindingRule(
        "%s, rank 1 minus full at best rates".formatted(all.metric().name()),
        "0",
        larger ? -margin : Double.NEGATIVE_INFINITY,
        larger ? Double.POSITIVE_INFINITY : margin,
        FindingRule.unless(
                !one.curves().isEmpty() && !full.curves().isEmpty(),
                "it takes trials of rank 1 and of all weights")
            .or(one::obstacle)
            .or(full::obstacle)
            .or(() -> FindingRule.unless(margin != 0, "all weights reach 0, which has no margin")),
        draw -> reached(one, draw, "rank 1") - reached(full, draw, "full"));
  }

  /** The metric at the best rate. */
  private static double reached(RateCurves curves, Draw draw, String open) {
    return curves.metric().cost(curves.leastCost(draw, open));
  }

  /** The geometric mean of the adapters' bands over that of full fine-tuning. */
  private static FindingRule band(RateCurves all) {
    RateCurves adapters = all.adapters();
    RateCurves full = all.full();
    return new FindingRule(
        "band of good rates, LoRA over full",
        "above 1",
        1 + 1e-9,
        Double.POSITIVE_INFINITY,
        all.obstacleToComparison()
            .or(
                () ->
                    FindingRule.unless(
                        all.curves().stream().allMatch(curve -> curve.grid().length >= LEAST_RATES),
                        "it takes three rates of each"))
            .or(
                () ->
                    FindingRule.unless(
                        full.curves().stream().noneMatch(curve -> reachesEdge(all, curve)),
                        "the band of full fine-tuning reaches the edge of its grid")),
        draw -> Math.pow(10, meanBand(adapters, draw, "adapters") - meanBand(full, draw, "full")));
  }

  private static double meanBand(RateCurves curves, Draw draw, String open) {
    return curves.curves().stream()
        .mapToDouble(curve -> Math.log10(band(curves.metric(), curve, draw, open)))
        .average()
        .orElse(Double.NaN);
  }

  private static boolean reachesEdge(RateCurves all, SeedCurve curve) {
    return good(all.metric(), curve, all.measured())
        .anyMatch(at -> at == 0 || at == curve.grid().length - 1);
  }

  /** The indices of a curve's good rates, ascending. */
  private static IntStream good(SweepMetric metric, SeedCurve curve, Draw draw) {
    double best = curve.leastCost(metric, draw);
    double[] means = curve.means(draw.seeds());
    return IntStream.range(0, means.length)
        .filter(at -> Double.isFinite(means[at]))
        .filter(at -> metric.cost(means[at]) <= best + GOOD_SHARE * Math.abs(best));
  }

  /**
   * The largest good rate over the smallest. Each end of the band is between the last good rate and
   * the next one, by default midway in the logarithm, and never outside the grid.
   */
  static double band(SweepMetric metric, SeedCurve curve, Draw draw, String open) {
    int[] good = good(metric, curve, draw).toArray();
    if (good.length == 0) {
      return Double.NaN;
    }
    int first = good[0];
    int last = good[good.length - 1];
    double[] decades = curve.decades();
    int before = Math.max(0, first - 1);
    int after = Math.min(decades.length - 1, last + 1);
    double below = (decades[first] - decades[before]) * draw.share(open + " below");
    double above = (decades[after] - decades[last]) * draw.share(open + " above");
    return Math.pow(10, decades[last] + above - (decades[first] - below));
  }
}
