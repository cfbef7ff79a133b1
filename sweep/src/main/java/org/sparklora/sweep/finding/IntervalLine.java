package org.sparklora.sweep.finding;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.function.ToDoubleFunction;
import org.sparklora.observe.report.LineFigure;

/**
 * A number with its 95 % interval, at each value of an integer quantity.
 *
 * @param x values of the quantity, ascending, {@code (n)}
 * @param y the measured numbers, {@code (n)}
 * @param intervals {@code (n)}
 */
record IntervalLine(
    String name, List<Integer> x, List<Double> y, List<Bootstrap.Interval> intervals) {

  /**
   * @param formula the number at a value of the quantity, in each draw
   */
  static IntervalLine of(
      String name, List<Integer> x, int seeds, IntFunction<ToDoubleFunction<Draw>> formula) {
    Draw measured = Draw.measured(seeds);
    return new IntervalLine(
        name,
        x,
        x.stream().map(at -> formula.apply(at).applyAsDouble(measured)).toList(),
        x.stream().map(at -> Bootstrap.of(seeds, formula.apply(at))).toList());
  }

  LineFigure.Line line() {
    return new LineFigure.Line(
        name,
        x.stream().mapToDouble(at -> at).toArray(),
        y.stream().mapToDouble(number -> number).toArray(),
        intervals.stream().mapToDouble(Bootstrap.Interval::low).toArray(),
        intervals.stream().mapToDouble(Bootstrap.Interval::high).toArray(),
        new double[0]);
  }

  /** The points for {@code results.json}, each with the entries {@code first} at its beginning. */
  List<Map<String, Object>> numbers(Map<String, Object> first, String ofX, String ofY) {
    List<Map<String, Object>> points = new ArrayList<>();
    for (int i = 0; i < x.size(); i++) {
      Map<String, Object> point = new LinkedHashMap<>(first);
      point.put(ofX, x.get(i));
      point.put(ofY, Conclusion.finite(y.get(i)));
      point.put("low", Conclusion.finite(intervals.get(i).low()));
      point.put("high", Conclusion.finite(intervals.get(i).high()));
      points.add(point);
    }
    return points;
  }
}
