package org.sparklora.observe.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.geom.Ellipse2D;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.plot.XYPlot;
import org.jfree.chart.renderer.xy.XYErrorRenderer;
import org.jfree.chart.ui.RectangleInsets;
import org.jfree.data.xy.YIntervalSeries;
import org.jfree.data.xy.YIntervalSeriesCollection;

/**
 * Draws curves as lines that break where a value is missing. Values without a neighbour get a dot,
 * as does every value of a short curve. A value may have a range, and a point a ring.
 */
final class CurveRenderer extends XYErrorRenderer {
  private static final Color GRID = new Color(0xe6e6e6);
  private static final long serialVersionUID = 1L;

  /** Each value of a curve with at most this many is a dot. */
  private static final int FEW_VALUES = 12;

  private static final double DOT = 4;
  private static final int RING = 7; // larger than a dot by this
  private static final double CAP = 6;

  private final YIntervalSeriesCollection series = new YIntervalSeriesCollection();
  private final transient List<boolean[]> dots = new ArrayList<>(); // by curve, by value

  CurveRenderer() {
    setDefaultLinesVisible(true);
    setDrawXError(false);
    setErrorStroke(new BasicStroke(1));
    setCapLength(CAP);
    setDrawSeriesLineAsPath(true); // else dashes begin anew at each value
  }

  /**
   * Adds a curve below the earlier ones.
   *
   * @param curve with values in the axis' measure
   * @param ring enlarges the dots, to be seen around others in the same place
   */
  void add(Curve curve, Color color, BasicStroke stroke, int ring) {
    add(curve, curve.values(), curve.values(), color, stroke, ring);
  }

  /** Adds a curve below the earlier ones, with a bar at each value whose range is not empty. */
  void add(Curve curve, double[] low, double[] high, Color color, BasicStroke stroke, int ring) {
    int number = series.getSeriesCount();
    YIntervalSeries points = new YIntervalSeries(number, false, true); // in the order of the log
    for (int i = 0; i < curve.steps().length; i++) {
      double value = isFinite(curve.values(), i) ? curve.values()[i] : Double.NaN;
      boolean bar = isFinite(low, i) && high[i] > low[i];
      points.add(curve.steps()[i], value, bar ? low[i] : Double.NaN, bar ? high[i] : Double.NaN);
    }
    series.addSeries(points);
    dots.add(dots(curve.values()));
    double size = DOT + ring;
    setSeriesPaint(number, color);
    setSeriesStroke(number, stroke);
    setSeriesShape(number, new Ellipse2D.Double(-size / 2, -size / 2, size, size));
  }

  /** Adds a ring below the earlier curves. */
  void addRing(double x, double y, Color color) {
    BasicStroke stroke = new BasicStroke(2);
    setSeriesShapesFilled(series.getSeriesCount(), false);
    setSeriesOutlineStroke(series.getSeriesCount(), stroke);
    add(new Curve(new double[] {x}, new double[] {y}), color, stroke, RING);
  }

  @Override
  public boolean getItemShapeVisible(int curve, int item) {
    return dots.get(curve)[item];
  }

  private static boolean[] dots(double[] values) {
    long finite = Arrays.stream(values).filter(Double::isFinite).count();
    boolean[] dots = new boolean[values.length];
    for (int i = 0; i < dots.length; i++) {
      boolean alone = !isFinite(values, i - 1) && !isFinite(values, i + 1);
      dots[i] = isFinite(values, i) && (finite <= FEW_VALUES || alone);
    }
    return dots;
  }

  private static boolean isFinite(double[] values, int item) {
    return item >= 0 && item < values.length && Double.isFinite(values[item]);
  }

  /** A chart of the added curves, on a pale grid and with room to the right. */
  JFreeChart chart(TickedAxis domain, TickedAxis range, double room) {
    XYPlot plot = new XYPlot(series, domain, range, this);
    plot.setBackgroundPaint(Color.WHITE);
    plot.setDomainGridlinePaint(GRID);
    plot.setRangeGridlinePaint(GRID);
    plot.setRangeGridlineStroke(RunColors.faintStroke());
    plot.setDomainGridlineStroke(RunColors.faintStroke());
    plot.setOutlineVisible(false);
    plot.setAxisOffset(RectangleInsets.ZERO_INSETS);
    JFreeChart chart = new JFreeChart(null, null, plot, false);
    chart.setBackgroundPaint(Color.WHITE);
    chart.setPadding(new RectangleInsets(4, 4, 4, room));
    return chart;
  }
}
