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
 * "The gap between LoRA and full fine-tuning grows with the batch, whatever the rank" (blog): for
 * each batch size the gap in cost between adapters and full fine-tuning, each at its best rate, and
 * the slope of the gap over log2 of the batch size.
 */
final class BatchSizeFinding {
  private static final String QUANTITY = "slope of the gap LoRA − full, %s a doubling of the batch";

  private BatchSizeFinding() {}

  static Findings of(Study study) {
    RateCurves all = RateCurves.of(study);
    Draw measured = Draw.measured(all.seeds());
    List<Integer> batches =
        all.curves().stream().map(curve -> curve.of().batch()).distinct().sorted().toList();
    List<String> kinds =
        all.where(Trial::isAdapter).curves().stream()
            .map(curve -> "r " + curve.of().rank())
            .distinct()
            .toList();
    List<LineFigure.Line> lines = new ArrayList<>();
    List<Map<String, Object>> gaps = new ArrayList<>();
    for (String kind : kinds) {
      double[][] points = new double[4][batches.size()];
      for (int i = 0; i < batches.size(); i++) {
        ToDoubleFunction<Draw> gap = gap(all, batches.get(i), kind);
        Bootstrap.Interval interval = Bootstrap.of(all.seeds(), gap);
        points[0][i] = batches.get(i);
        points[1][i] = gap.applyAsDouble(measured);
        points[2][i] = interval.low();
        points[3][i] = interval.high();
        Map<String, Object> numbers = new LinkedHashMap<>();
        numbers.put("label", kind);
        numbers.put("batch", batches.get(i));
        numbers.put("gap", Conclusion.finite(points[1][i]));
        numbers.put("low", Conclusion.finite(interval.low()));
        numbers.put("high", Conclusion.finite(interval.high()));
        gaps.add(numbers);
      }
      lines.add(
          new LineFigure.Line(kind, points[0], points[1], points[2], points[3], new double[0]));
    }
    Map<String, Object> numbers = new LinkedHashMap<>();
    numbers.put("gaps", gaps);
    numbers.put("optima", all.optima());
    return new Findings(
        List.of(verdict(all, batches, kinds)), List.of(figure(all, lines, all.seeds())), numbers);
  }

  /** The gap at a batch size in a draw; NaN if adapters or full fine-tuning have no value. */
  private static ToDoubleFunction<Draw> gap(RateCurves all, int batch, String kind) {
    RateCurves of = all.where(trial -> trial.batch() == batch);
    RateCurves adapters =
        of.where(trial -> trial.isAdapter() && ("r " + trial.rank()).equals(kind));
    RateCurves full = of.where(trial -> !trial.isAdapter());
    return draw ->
        adapters.leastCost(draw, kind + " " + batch) - full.leastCost(draw, "full " + batch);
  }

  private static Conclusion verdict(RateCurves all, List<Integer> batches, List<String> kinds) {
    String quantity = String.format(Locale.ROOT, QUANTITY, all.metric().name());
    if (batches.size() < 2 || kinds.isEmpty()) {
      return Conclusion.undecided(
          quantity, all.seeds(), "above 0", "it takes adapters, all weights and two batches");
    }
    Optional<String> obstacle = all.obstacle();
    if (obstacle.isPresent()) {
      return Conclusion.undecided(quantity, all.seeds(), "above 0", obstacle.get());
    }
    List<ToDoubleFunction<Draw>> gaps = new ArrayList<>();
    for (int batch : batches) {
      List<ToDoubleFunction<Draw>> ofBatch =
          kinds.stream().map(kind -> gap(all, batch, kind)).toList();
      gaps.add(
          draw ->
              ofBatch.stream().mapToDouble(gap -> gap.applyAsDouble(draw)).sum() / ofBatch.size());
    }
    double[] doublings =
        batches.stream().mapToDouble(batch -> Math.log(batch) / Math.log(2)).toArray();
    ToDoubleFunction<Draw> slope =
        draw ->
            slope(doublings, gaps.stream().mapToDouble(gap -> gap.applyAsDouble(draw)).toArray());
    return Conclusion.of(
        quantity,
        slope.applyAsDouble(Draw.measured(all.seeds())),
        Bootstrap.of(all.seeds(), slope),
        all.seeds(),
        "above 0",
        0,
        Double.POSITIVE_INFINITY);
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

  private static LineFigure figure(RateCurves all, List<LineFigure.Line> lines, int seeds) {
    return new LineFigure(
        "Gap between LoRA and full fine-tuning by batch",
        "cost of LoRA minus that of full fine-tuning, each at its best rate, 95 %% intervals over %s seeds and the grid"
            .formatted(seeds),
        "rows an update",
        "gap in " + all.metric().name(),
        true,
        lines);
  }
}
