package org.sparklora.sweep.finding;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import org.sparklora.sweep.SweepMetric;
import org.sparklora.sweep.Trial;
import org.sparklora.sweep.TrialOutcome;

/**
 * "Low ranks leave the common line of loss over log steps at a step that depends on the rank"
 * (blog): the step from which on a rank's curve stays above the best of all curves, and whether
 * this step rises with the rank; and whether the final metric improves with the rank. Both as the
 * share of concordant minus discordant pairs of ranks.
 */
final class CapacityFinding {
  private static final String QUANTITY = "order of ranks by the step at which they leave the line";
  private static final String BLOG = "1 (higher ranks leave later)";
  private static final String END = "order of ranks by %s at the end";
  private static final String BLOG_OF_END = "1 (higher ranks end better)";

  /**
   * A curve has left the line if it is above it by this share; draws vary the share from half to
   * twice, so that the order of ranks does not depend on the threshold.
   */
  private static final double LEAVING_SHARE = 0.01;

  private static final double LARGEST_OVER_SMALLEST_SHARE = 4;

  private static final double BITS_PER_PARAMETER = 2;

  private CapacityFinding() {}

  static Findings of(Study study) {
    List<SeedCurve> curves = StepCurves.of(study, study.metric());
    int seeds = study.seeds().size();
    Draw all = Draw.measured(seeds);
    List<Map<String, Object>> departures = new ArrayList<>();
    for (SeedCurve curve : curves) {
      Map<String, Object> numbers = new LinkedHashMap<>();
      numbers.put("label", curve.label());
      numbers.put("rank", curve.of().rank());
      double step = departure(study.metric(), curve, curves, all);
      numbers.put("leaves_at_step", Conclusion.finite(step));
      long parameters = parameters(study, curve);
      numbers.put("trained_parameters", parameters);
      if (curve.of().isAdapter()) {
        numbers.put("capacity_bits", BITS_PER_PARAMETER * parameters);
        numbers.put(
            "predicted_step", Conclusion.finite(predicted(study, BITS_PER_PARAMETER * parameters)));
      }
      departures.add(numbers);
    }
    Map<String, Object> numbers = new LinkedHashMap<>();
    numbers.put("departures", departures);
    return new Findings(
        List.of(verdict(study, curves), end(study)),
        List.of(
            StepCurves.figure(
                "Where each rank leaves the common line", study.metric(), curves, seeds, true)),
        numbers);
  }

  private static Conclusion verdict(Study study, List<SeedCurve> curves) {
    int seeds = study.seeds().size();
    List<SeedCurve> ranks = curves.stream().filter(curve -> curve.of().isAdapter()).toList();
    if (ranks.stream().map(curve -> curve.of().rank()).distinct().count() < 3) {
      return Conclusion.undecided(QUANTITY, seeds, BLOG, "it takes three ranks");
    }
    ToDoubleFunction<Draw> order = draw -> order(study.metric(), ranks, curves, draw);
    double value = order.applyAsDouble(Draw.measured(seeds));
    if (Double.isNaN(value)) {
      return Conclusion.undecided(
          QUANTITY, seeds, BLOG, "no rank leaves the line within the run; take more data or steps");
    }
    return Conclusion.of(
        QUANTITY,
        value,
        Bootstrap.of(seeds, order),
        seeds,
        BLOG,
        Double.MIN_NORMAL,
        Double.POSITIVE_INFINITY);
  }

  /** The verdict on whether higher ranks end with a better metric. */
  private static Conclusion end(Study study) {
    RateCurves ranks = RateCurves.of(study).where(Trial::isAdapter);
    String quantity = String.format(Locale.ROOT, END, study.metric().name());
    if (ranks.curves().stream().map(curve -> curve.of().rank()).distinct().count() < 3) {
      return Conclusion.undecided(quantity, ranks.seeds(), BLOG_OF_END, "it takes three ranks");
    }
    ToDoubleFunction<Draw> order = draw -> orderOfEnds(ranks, draw);
    return Conclusion.of(
        quantity,
        order.applyAsDouble(Draw.measured(ranks.seeds())),
        Bootstrap.of(ranks.seeds(), order),
        ranks.seeds(),
        BLOG_OF_END,
        Double.MIN_NORMAL,
        Double.POSITIVE_INFINITY);
  }

  /** The order of final costs, from −1 to 1 over pairs of ranks; nearly equal pairs count as 0. */
  private static double orderOfEnds(RateCurves ranks, Draw draw) {
    double share = share(draw);
    int pairs = 0;
    int sum = 0;
    for (SeedCurve low : ranks.curves()) {
      for (SeedCurve high : ranks.curves()) {
        if (low.of().rank() < high.of().rank()) {
          double one = low.leastCost(ranks.metric(), draw);
          double other = high.leastCost(ranks.metric(), draw);
          boolean apart = Math.abs(one - other) > share * Math.min(Math.abs(one), Math.abs(other));
          pairs++;
          sum += apart ? Double.compare(one, other) : 0;
        }
      }
    }
    return (double) sum / pairs;
  }

  /** The share of the line's cost by which a curve must be above the line. */
  private static double share(Draw draw) {
    return LEAVING_SHARE * Math.pow(LARGEST_OVER_SMALLEST_SHARE, draw.share("leaving") - 0.5);
  }

  /** The order of departures, from −1 to 1 over pairs with a departure; NaN if there is none. */
  private static double order(
      SweepMetric metric, List<SeedCurve> ranks, List<SeedCurve> curves, Draw draw) {
    double[] steps =
        ranks.stream().mapToDouble(curve -> departure(metric, curve, curves, draw)).toArray();
    int pairs = 0;
    int sum = 0;
    for (int a = 0; a < steps.length; a++) {
      for (int b = 0; b < steps.length; b++) {
        boolean left = Double.isFinite(steps[a]) || Double.isFinite(steps[b]);
        if (ranks.get(a).of().rank() < ranks.get(b).of().rank() && left) {
          pairs++;
          sum += Double.compare(steps[b], steps[a]);
        }
      }
    }
    return pairs == 0 ? Double.NaN : (double) sum / pairs;
  }

  /** The first step from which on the curve stays above the line; infinite if it does not. */
  static double departure(SweepMetric metric, SeedCurve curve, List<SeedCurve> all, Draw draw) {
    Map<Double, Double> line = line(metric, all, draw);
    double[] means = curve.means(draw.seeds());
    double share = share(draw);
    double left = Double.POSITIVE_INFINITY;
    for (int i = means.length - 1; i >= 0; i--) {
      double best = line.getOrDefault(curve.grid()[i], Double.NaN);
      boolean above = metric.cost(means[i]) > best + share * Math.abs(best);
      if (!above && Double.isFinite(means[i])) {
        return left;
      }
      left = Double.isFinite(means[i]) ? curve.grid()[i] : left;
    }
    return left;
  }

  /** The least cost of any curve, by step. */
  private static Map<Double, Double> line(SweepMetric metric, List<SeedCurve> curves, Draw draw) {
    Map<Double, Double> line = new TreeMap<>();
    for (SeedCurve curve : curves) {
      double[] means = curve.means(draw.seeds());
      for (int i = 0; i < means.length; i++) {
        if (Double.isFinite(means[i])) {
          line.merge(curve.grid()[i], metric.cost(means[i]), Math::min);
        }
      }
    }
    return line;
  }

  private static long parameters(Study study, SeedCurve curve) {
    return study.measured().stream()
        .filter(one -> one.trial().rank() == curve.of().rank())
        .mapToLong(one -> one.outcome().trainedParameters())
        .max()
        .orElse(0);
  }

  /**
   * The step at which the best trial has absorbed {@code bits}, summed over tokens as the
   * difference between the first training loss and the current one. Infinite if the run ends
   * before.
   */
  private static double predicted(Study study, double bits) {
    Optional<TrialOutcome> most =
        study.measured().stream()
            .filter(one -> Double.isFinite(study.metric(one)))
            .min(
                (a, b) ->
                    Double.compare(
                        study.metric().cost(study.metric(a)), study.metric().cost(study.metric(b))))
            .map(Study.Measured::outcome);
    if (most.isEmpty()) {
      return Double.NaN;
    }
    List<Map<String, Double>> rows =
        most.get().log().stream()
            .filter(row -> row.keySet().containsAll(List.of("loss", "num_tokens")))
            .toList();
    double absorbed = 0;
    double tokens = 0;
    for (Map<String, Double> row : rows) {
      double seen = row.get("num_tokens") - tokens;
      tokens = row.get("num_tokens");
      absorbed += (rows.get(0).get("loss") - row.get("loss")) * seen / Math.log(2);
      if (absorbed > bits) {
        return row.getOrDefault(TrialOutcome.STEP, Double.NaN);
      }
    }
    return Double.POSITIVE_INFINITY;
  }
}
