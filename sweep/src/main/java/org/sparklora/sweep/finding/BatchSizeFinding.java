package org.sparklora.sweep.finding;

import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.sparklora.observe.report.LineFigure;
import org.sparklora.sweep.Trial;

/**
 * "The gap between LoRA and full fine-tuning grows with the batch, whatever the rank" (blog): for
 * each batch size the gap in cost between adapters and full fine-tuning, each at its best rate, and
 * the slope of the gap over log2 of the batch size.
 */
final class BatchSizeFinding {
  private BatchSizeFinding() {}

  static Findings of(Study study) {
    RateCurves all = RateCurves.of(study);
    List<Integer> batches = all.distinct(Trial::batch);
    List<String> kinds =
        all.adapters().curves().stream().map(curve -> kind(curve.of())).distinct().toList();
    List<IntervalLine> gaps =
        kinds.stream()
            .map(kind -> IntervalLine.of(kind, batches, all.seeds(), at -> gap(all, at, kind)))
            .toList();
    LineFigure figure =
        new LineFigure(
            "Gap between LoRA and full fine-tuning by batch",
            "cost of LoRA minus that of full fine-tuning, each at its best rate, 95 %% intervals over %s seeds and the grid"
                .formatted(all.seeds()),
            "rows an update",
            "gap in " + all.metric().name(),
            true,
            gaps.stream().map(IntervalLine::line).toList());
    List<Map<String, Object>> points =
        gaps.stream()
            .flatMap(line -> line.numbers(Map.of("label", line.name()), "batch", "gap").stream())
            .toList();
    return Findings.of(
        study,
        List.of(growth(all, batches, kinds)),
        List.of(figure),
        Map.of("gaps", points, "optima", all.optima()));
  }

  private static String kind(Trial adapter) {
    return "r " + adapter.rank();
  }

  /** The gap at a batch size in a draw; NaN if adapters or full fine-tuning have no value. */
  private static ToDoubleFunction<Draw> gap(RateCurves all, int batch, String kind) {
    RateCurves of = all.where(trial -> trial.batch() == batch);
    RateCurves adapters = of.adapters().where(trial -> kind(trial).equals(kind));
    RateCurves full = of.full();
    return draw ->
        adapters.leastCost(draw, kind + " " + batch) - full.leastCost(draw, "full " + batch);
  }

  /** The slope of the mean gap over the kinds. */
  private static FindingRule growth(RateCurves all, List<Integer> batches, List<String> kinds) {
    List<List<ToDoubleFunction<Draw>>> gaps =
        batches.stream()
            .map(batch -> kinds.stream().map(kind -> gap(all, batch, kind)).toList())
            .toList();
    double[] doublings =
        batches.stream().mapToDouble(batch -> Math.log(batch) / Math.log(2)).toArray();
    return new FindingRule(
        "slope of the gap LoRA − full, %s a doubling of the batch".formatted(all.metric().name()),
        "above 0",
        0,
        Double.POSITIVE_INFINITY,
        FindingRule.unless(
                batches.size() >= 2 && !kinds.isEmpty(),
                "it takes adapters, all weights and two batches")
            .or(all::obstacle),
        draw ->
            slope(
                doublings,
                gaps.stream()
                    .mapToDouble(
                        of ->
                            of.stream().mapToDouble(gap -> gap.applyAsDouble(draw)).sum()
                                / of.size())
                    .toArray()));
  }

  /** The slope of the least-squares line; NaN if any value is NaN. */
  static double slope(double[] x, double[] y) {
    double meanX = 0;
    double meanY = 0;
    for (int i = 0; i < x.length; i++) {
      meanX += x[i] / x.length;
      meanY += y[i] / y.length;
    }
    double products = 0;
    double squares = 0;
    for (int i = 0; i < x.length; i++) {
      products += (x[i] - meanX) * (y[i] - meanY);
      squares += (x[i] - meanX) * (x[i] - meanX);
    }
    return products / squares;
  }
}
