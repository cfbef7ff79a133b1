package org.sparklora.spark.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.geom.Ellipse2D;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jfree.chart.plot.XYPlot;
import org.jfree.chart.renderer.xy.XYLineAndShapeRenderer;
import org.jfree.chart.ui.RectangleInsets;
import org.jfree.data.xy.XYSeries;
import org.jfree.data.xy.XYSeriesCollection;

/**
 * Draws curves as lines that break where a value is missing. Values that no line reaches get a dot,
 * and so does every value of a curve of few.
 */
final class CurveRenderer extends XYLineAndShapeRenderer {
  private static final Color GRID = new Color(0xe6e6e6);
  private static final long serialVersionUID = 1L;

  /** With no more values than these each is a dot. */
  private static final int FEW_VALUES = 12;

  private static final double DOT = 4;

  private final XYSeriesCollection series = new XYSeriesCollection();
  private final transient List<boolean[]> dots = new ArrayList<>(); // by curve, by value

  CurveRenderer() {
    super(true, true);
    setDrawSeriesLineAsPath(true); // else dashes begin anew at each value
  }

  /**
   * Adds a curve below those there are.
   *
   * @param values in the axis' own measure
   * @param ring how many dots of the same place are to be seen around others of its size
   */
  void add(double[] steps, double[] values, Color color, BasicStroke stroke, int ring) {
    int number = series.getSeriesCount();
    XYSeries points = new XYSeries(number, false); // in the order of the log
    for (int i = 0; i < steps.length; i++) {
      points.add(steps[i], Double.isFinite(values[i]) ? values[i] : Double.NaN, false);
    }
    series.addSeries(points);
    dots.add(dots(values));
    double size = DOT + ring;
    setSeriesPaint(number, color);
    setSeriesStroke(number, stroke);
    setSeriesShape(number, new Ellipse2D.Double(-size / 2, -size / 2, size, size));
  }

  XYSeriesCollection series() {
    return series;
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

  /** A plot of the curves that were added, on a pale grid. */
  XYPlot plot(TickedAxis domain, TickedAxis range) {
    XYPlot plot = new XYPlot(series(), domain, range, this);
    plot.setBackgroundPaint(Color.WHITE);
    plot.setDomainGridlinePaint(GRID);
    plot.setRangeGridlinePaint(GRID);
    plot.setRangeGridlineStroke(RunColors.faintStroke());
    plot.setDomainGridlineStroke(RunColors.faintStroke());
    plot.setOutlineVisible(false);
    plot.setAxisOffset(RectangleInsets.ZERO_INSETS);
    return plot;
  }
}
