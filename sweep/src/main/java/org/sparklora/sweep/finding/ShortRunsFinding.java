package org.sparklora.sweep.finding;

import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.sparklora.observe.report.LineFigure;
import org.sparklora.sweep.Trial;

/**
 * "The best multiplier of the learning rate is about 15 for runs under 100 steps and falls to 10"
 * (blog): the ratio of the best rates of adapters and full fine-tuning by length of the run, and
 * the ratio in the shortest runs over the ratio in the longest, by {@code max_steps}.
 */
final class ShortRunsFinding {
  private ShortRunsFinding() {}

  static Findings of(Study study) {
    RateCurves all = RateCurves.of(study);
    List<Integer> lengths = all.where(trial -> trial.maxSteps() > 0).distinct(Trial::maxSteps);
    int shortest = lengths.stream().findFirst().orElse(0);
    int longest = lengths.stream().reduce(0, Math::max);
    IntervalLine ratios =
        IntervalLine.of("LoRA over full", lengths, all.seeds(), steps -> ratio(all, steps));
    LineFigure figure =
        new LineFigure(
            "Best learning-rate multiplier by length of the run",
            "ratio of the best rates of LoRA and full fine-tuning, 95 %% intervals over %s seeds and the grid"
                .formatted(all.seeds()),
            "optimizer steps",
            "multiplier",
            true,
            List.of(ratios.line()));
    return Findings.of(
        study,
        List.of(change(all, shortest, longest)),
        List.of(figure),
        Map.of(
            "optima", all.optima(),
            "multipliers", ratios.numbers(Map.of(), "steps", "multiplier")));
  }

  private static ToDoubleFunction<Draw> ratio(RateCurves all, int steps) {
    return all.where(trial -> trial.maxSteps() == steps).ratio(" " + steps);
  }

  private static FindingRule change(RateCurves all, int shortest, int longest) {
    RateCurves ends =
        all.where(trial -> trial.maxSteps() == shortest || trial.maxSteps() == longest);
    ToDoubleFunction<Draw> early = ratio(all, shortest);
    ToDoubleFunction<Draw> late = ratio(all, longest);
    return new FindingRule(
        "LoRA/full multiplier, %s steps over %s steps".formatted(shortest, longest),
        "above 1 (15 over 10)",
        1,
        Double.POSITIVE_INFINITY,
        FindingRule.unless(shortest < longest, "it takes runs of two lengths")
            .or(ends::obstacleToRates),
        draw -> early.applyAsDouble(draw) / late.applyAsDouble(draw));
  }
}
