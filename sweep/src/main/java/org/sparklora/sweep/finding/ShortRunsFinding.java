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
 * "The best multiplier of the learning rate is about 15 for runs under 100 steps and falls to 10"
 * (blog): the ratio of the best rates of adapters and full fine-tuning by length of the run, and
 * the ratio in the shortest runs over the ratio in the longest.
 */
final class ShortRunsFinding {
  private static final String QUANTITY = "LoRA/full multiplier, %d steps over %d steps";

  private ShortRunsFinding() {}

  static Findings of(Study study) {
    RateCurves all = RateCurves.of(study);
    List<Integer> lengths =
        all.curves().stream().map(curve -> curve.of().maxSteps()).distinct().sorted().toList();
    List<Map<String, Object>> multipliers = new ArrayList<>();
    double[][] points = new double[4][lengths.size()];
    for (int i = 0; i < lengths.size(); i++) {
      int steps = lengths.get(i);
      ToDoubleFunction<Draw> ratio = ratio(all, steps);
      Bootstrap.Interval interval = Bootstrap.of(all.seeds(), ratio);
      points[0][i] = steps;
      points[1][i] = ratio.applyAsDouble(Draw.measured(all.seeds()));
      points[2][i] = interval.low();
      points[3][i] = interval.high();
      Map<String, Object> numbers = new LinkedHashMap<>();
      numbers.put("steps", steps);
      numbers.put("multiplier", Conclusion.finite(points[1][i]));
      numbers.put("low", Conclusion.finite(interval.low()));
      numbers.put("high", Conclusion.finite(interval.high()));
      multipliers.add(numbers);
    }
    Map<String, Object> numbers = new LinkedHashMap<>();
    numbers.put("optima", all.optima());
    numbers.put("multipliers", multipliers);
    return new Findings(
        List.of(verdict(all, lengths)), List.of(figure(points, all.seeds())), numbers);
  }

  private static ToDoubleFunction<Draw> ratio(RateCurves all, int steps) {
    RateCurves of = all.where(trial -> trial.maxSteps() == steps);
    return RateCurves.ratio(
        of.where(Trial::isAdapter), of.where(trial -> !trial.isAdapter()), " %s".formatted(steps));
  }

  private static Conclusion verdict(RateCurves all, List<Integer> lengths) {
    int shortest = lengths.get(0);
    int longest = lengths.get(lengths.size() - 1);
    String quantity = String.format(Locale.ROOT, QUANTITY, shortest, longest);
    String blog = "above 1 (15 over 10)";
    if (shortest == longest) {
      return Conclusion.undecided(quantity, all.seeds(), blog, "it takes runs of two lengths");
    }
    RateCurves ends =
        all.where(trial -> trial.maxSteps() == shortest || trial.maxSteps() == longest);
    Optional<String> obstacle = ends.obstacleToRates();
    if (obstacle.isPresent()) {
      return Conclusion.undecided(quantity, all.seeds(), blog, obstacle.get());
    }
    ToDoubleFunction<Draw> early = ratio(all, shortest);
    ToDoubleFunction<Draw> late = ratio(all, longest);
    ToDoubleFunction<Draw> change = draw -> early.applyAsDouble(draw) / late.applyAsDouble(draw);
    return Conclusion.of(
        quantity,
        change.applyAsDouble(Draw.measured(all.seeds())),
        Bootstrap.of(all.seeds(), change),
        all.seeds(),
        blog,
        1,
        Double.POSITIVE_INFINITY);
  }

  private static LineFigure figure(double[][] points, int seeds) {
    return new LineFigure(
        "Best learning-rate multiplier by length of the run",
        "ratio of the best rates of LoRA and full fine-tuning, 95 %% intervals over %s seeds and the grid"
            .formatted(seeds),
        "optimizer steps",
        "multiplier",
        true,
        List.of(
            new LineFigure.Line(
                "LoRA over full", points[0], points[1], points[2], points[3], new double[0])));
  }
}
