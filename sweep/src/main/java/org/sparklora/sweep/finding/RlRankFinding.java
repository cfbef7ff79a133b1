package org.sparklora.sweep.finding;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import org.sparklora.observe.report.LineFigure;
import org.sparklora.sweep.SweepMetric;
import org.sparklora.sweep.Trial;

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
    Map<String, Object> numbers = new LinkedHashMap<>();
    numbers.put("optima", all.optima());
    Map<String, Object> bands = new LinkedHashMap<>();
    for (SeedCurve curve : all.curves()) {
      bands.put(
          curve.label(),
          Conclusion.finite(band(all.metric(), curve, Draw.measured(all.seeds()), curve.label())));
    }
    numbers.put("bands", bands);
    return new Findings(List.of(match(all), band(all)), figures(study, all), numbers);
  }

  /**
   * The metric over the learning rates, if there are several, and rewards over the steps, as in the
   * guide.
   */
  private static List<LineFigure> figures(Study study, RateCurves all) {
    List<LineFigure> figures = new ArrayList<>();
    if (all.curves().stream().anyMatch(curve -> curve.grid().length > 1)) {
      figures.add(all.figure("Learning from rewards, by learning rate"));
    }
    boolean logged =
        study.measured().stream().anyMatch(one -> one.outcome().steps(REWARD).length > 0);
    SweepMetric shown = logged ? new SweepMetric(REWARD, false, 1) : study.metric();
    figures.add(
        StepCurves.figure(
            "Learning from rewards: rank 1 beside full fine-tuning",
            shown,
            StepCurves.of(study, shown),
            all.seeds(),
            false));
    return figures;
  }

  private static Conclusion match(RateCurves all) {
    String quantity = "%s, rank 1 minus full at best rates".formatted(all.metric().name());
    RateCurves one = all.where(trial -> trial.rank() == 1);
    RateCurves full = all.where(trial -> !trial.isAdapter());
    if (one.curves().isEmpty() || full.curves().isEmpty()) {
      return Conclusion.undecided(
          quantity, all.seeds(), "0", "it takes trials of rank 1 and of all weights");
    }
    Optional<String> obstacle = one.obstacle().or(full::obstacle);
    if (obstacle.isPresent()) {
      return Conclusion.undecided(quantity, all.seeds(), "0", obstacle.get());
    }
    ToDoubleFunction<Draw> difference =
        draw -> reached(one, draw, "rank 1") - reached(full, draw, "full");
    double margin = MARGIN_SHARE * Math.abs(reached(full, Draw.measured(all.seeds()), ""));
    boolean larger = !all.metric().isSmallerBetter();
    return Conclusion.of(
        quantity,
        difference.applyAsDouble(Draw.measured(all.seeds())),
        Bootstrap.of(all.seeds(), difference),
        all.seeds(),
        "0",
        larger ? -margin : Double.NEGATIVE_INFINITY,
        larger ? Double.POSITIVE_INFINITY : margin);
  }

  /** The metric at the best rate. */
  private static double reached(RateCurves curves, Draw draw, String open) {
    return curves.metric().cost(curves.leastCost(draw, open));
  }

  /** The verdict on the geometric mean of the adapters' bands over that of full fine-tuning. */
  private static Conclusion band(RateCurves all) {
    String quantity = "band of good rates, LoRA over full";
    RateCurves adapters = all.where(Trial::isAdapter);
    RateCurves full = all.where(trial -> !trial.isAdapter());
    if (adapters.curves().isEmpty() || full.curves().isEmpty()) {
      return Conclusion.undecided(
          quantity, all.seeds(), "above 1", "it takes trials of an adapter and of all weights");
    }
    if (all.curves().stream().anyMatch(curve -> curve.grid().length < LEAST_RATES)) {
      return Conclusion.undecided(quantity, all.seeds(), "above 1", "it takes three rates of each");
    }
    if (full.curves().stream().anyMatch(curve -> reachesEdge(all, curve))) {
      return Conclusion.undecided(
          quantity,
          all.seeds(),
          "above 1",
          "the band of full fine-tuning reaches the edge of its grid");
    }
    ToDoubleFunction<Draw> ratio =
        draw -> Math.pow(10, meanBand(adapters, draw, "adapters") - meanBand(full, draw, "full"));
    return Conclusion.of(
        quantity,
        ratio.applyAsDouble(Draw.measured(all.seeds())),
        Bootstrap.of(all.seeds(), ratio),
        all.seeds(),
        "above 1",
        1 + 1e-9,
        Double.POSITIVE_INFINITY);
  }

  private static double meanBand(RateCurves curves, Draw draw, String open) {
    return curves.curves().stream()
        .mapToDouble(curve -> Math.log10(band(curves.metric(), curve, draw, open)))
        .average()
        .orElse(Double.NaN);
  }

  private static boolean reachesEdge(RateCurves all, SeedCurve curve) {
    boolean[] good = good(all.metric(), curve, Draw.measured(all.seeds()));
    return good[0] || good[good.length - 1];
  }

  /** Whether each rate of a curve is good. */
  private static boolean[] good(SweepMetric metric, SeedCurve curve, Draw draw) {
    double best = curve.leastCost(metric, draw);
    double[] means = curve.means(draw.seeds());
    boolean[] good = new boolean[means.length];
    for (int i = 0; i < means.length; i++) {
      good[i] =
          Double.isFinite(means[i]) && metric.cost(means[i]) <= best + GOOD_SHARE * Math.abs(best);
    }
    return good;
  }

  /**
   * The largest good rate over the smallest. Each end of the band is between the last good rate and
   * the next one, by default midway in the logarithm, and never outside the grid.
   */
  static double band(SweepMetric metric, SeedCurve curve, Draw draw, String open) {
    boolean[] good = good(metric, curve, draw);
    int first = -1;
    int last = -1;
    for (int i = 0; i < good.length; i++) {
      first = good[i] && first < 0 ? i : first;
      last = good[i] ? i : last;
    }
    if (first < 0) {
      return Double.NaN;
    }
    double[] decades = curve.decades();
    int before = Math.max(0, first - 1);
    int after = Math.min(decades.length - 1, last + 1);
    double below = (decades[first] - decades[before]) * draw.share(open + " below");
    double above = (decades[after] - decades[last]) * draw.share(open + " above");
    return Math.pow(10, decades[last] + above - (decades[first] - below));
  }
}
