package org.sparklora.sweep.finding;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.DoubleBinaryOperator;
import java.util.function.ToDoubleFunction;
import org.sparklora.observe.estimate.Capacity;
import org.sparklora.sweep.SweepMetric;
import org.sparklora.sweep.TrialOutcome;

/**
 * "Low ranks leave the common line of loss over log steps at a step that depends on the rank"
 * (blog): the step from which on a rank's curve stays above the best of all curves, and whether
 * this step rises with the rank; and whether the final metric improves with the rank. Both as the
 * share of concordant minus discordant pairs of ranks.
 */
final class CapacityFinding {
  /**
   * A curve has left the line if its cost is higher by this share; draws vary the share from half
   * to twice, so that the order of ranks does not depend on the threshold.
   */
  private static final double LEAVING_SHARE = 0.01;

  private static final double LARGEST_OVER_SMALLEST_SHARE = 4;

  private static final int LEAST_RANKS = 3;

  private CapacityFinding() {}

  static Findings of(Study study) {
    List<SeedCurve> curves = study.overSteps(study.metric());
    Draw measured = Draw.measured(study.seeds().size());
    List<Map<String, Object>> departures = new ArrayList<>();
    for (SeedCurve curve : curves) {
      Map<String, Object> numbers = new LinkedHashMap<>();
      numbers.put("label", curve.label());
      numbers.put("rank", curve.of().rank());
      double step = departure(study.metric(), curve, curves, measured);
      numbers.put("leaves_at_step", Conclusion.finite(step));
      long parameters = parameters(study, curve);
      numbers.put("trained_parameters", parameters);
      if (curve.of().isAdapter()) {
        double bits = Capacity.bits(parameters);
        numbers.put("capacity_bits", bits);
        numbers.put("predicted_step", Conclusion.finite(predicted(study, bits)));
      }
      departures.add(numbers);
    }
    return Findings.of(
        study,
        List.of(departures(study, curves, measured), ends(RateCurves.of(study).adapters())),
        List.of(
            study.figureOverSteps("Where each rank leaves the common line", study.metric(), true)),
        Map.of("departures", departures));
  }

  /** Whether higher ranks leave the line later. */
  private static FindingRule departures(Study study, List<SeedCurve> curves, Draw measured) {
    List<SeedCurve> ranks = curves.stream().filter(curve -> curve.of().isAdapter()).toList();
    ToDoubleFunction<Draw> order =
        draw ->
            order(
                ranks,
                curve -> departure(study.metric(), curve, curves, draw),
                (low, high) ->
                    Double.isFinite(low) || Double.isFinite(high)
                        ? Double.compare(high, low)
                        : Double.NaN);
    return new FindingRule(
        "order of ranks by the step at which they leave the line",
        "1 (higher ranks leave later)",
        FindingRule.ABOVE_ZERO,
        Double.POSITIVE_INFINITY,
        obstacle(ranks, measured)
            .or(
                () ->
                    FindingRule.unless(
                        !Double.isNaN(order.applyAsDouble(measured)),
                        "no rank leaves the line within the run; take more data or steps")),
        order);
  }

  /** Whether higher ranks end with a better metric; nearly equal ones have no order. */
  private static FindingRule ends(RateCurves ranks) {
    return new FindingRule(
        "order of ranks by %s at the end".formatted(ranks.metric().name()),
        "1 (higher ranks end better)",
        FindingRule.ABOVE_ZERO,
        Double.POSITIVE_INFINITY,
        obstacle(ranks.curves(), ranks.measured()).or(() -> obstacleToRates(ranks)),
        draw -> {
          double share = share(draw);
          return order(
              ranks.curves(),
              curve -> curve.leastCost(ranks.metric(), draw),
              (low, high) ->
                  Math.abs(low - high) > share * Math.min(Math.abs(low), Math.abs(high))
                      ? Double.compare(low, high)
                      : 0);
        });
  }

  /** The obstacle of the curves that depend on the rate; no wider grid changes a level one. */
  private static Optional<String> obstacleToRates(RateCurves ranks) {
    int[] seeds = ranks.measured().seeds();
    return new RateCurves(
            ranks.metric(),
            ranks.curves().stream()
                .filter(curve -> Arrays.stream(curve.means(seeds)).distinct().count() > 1)
                .toList(),
            ranks.seeds())
        .obstacle();
  }

  /** The obstacle of a rank without a mean, as after a trial that diverged, or of too few ranks. */
  private static Optional<String> obstacle(List<SeedCurve> ranks, Draw measured) {
    for (SeedCurve rank : ranks) {
      if (Arrays.stream(rank.means(measured.seeds())).noneMatch(Double::isFinite)) {
        return Optional.of("no rate of %s has a number for every seed".formatted(rank.label()));
      }
    }
    long count = ranks.stream().map(curve -> curve.of().rank()).distinct().count();
    return FindingRule.unless(count >= LEAST_RANKS, "it takes three ranks");
  }

  /**
   * The order of ranks by a number, from −1 to 1.
   *
   * @param number of a rank's curve
   * @param sign of a lower and a higher rank's numbers; NaN to leave the pair out
   * @return NaN without pairs
   */
  private static double order(
      List<SeedCurve> ranks, ToDoubleFunction<SeedCurve> number, DoubleBinaryOperator sign) {
    double[] numbers = ranks.stream().mapToDouble(number).toArray();
    int pairs = 0;
    double sum = 0;
    for (int low = 0; low < numbers.length; low++) {
      for (int high = 0; high < numbers.length; high++) {
        double one = sign.applyAsDouble(numbers[low], numbers[high]);
        if (ranks.get(low).of().rank() < ranks.get(high).of().rank() && !Double.isNaN(one)) {
          pairs++;
          sum += one;
        }
      }
    }
    return sum / pairs;
  }

  /** The share of the line's cost by which a curve must be above the line. */
  private static double share(Draw draw) {
    return LEAVING_SHARE * Math.pow(LARGEST_OVER_SMALLEST_SHARE, draw.share("leaving") - 0.5);
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
        .filter(one -> one.trial().series().equals(curve.of().series()))
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
    Optional<TrialOutcome> best =
        study.measured().stream()
            .filter(one -> Double.isFinite(study.metric(one)))
            .min(Comparator.comparingDouble(one -> study.metric().cost(study.metric(one))))
            .map(Study.Measured::outcome);
    if (best.isEmpty()) {
      return Double.NaN;
    }
    List<Map<String, Double>> rows =
        best.get().log().stream()
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
