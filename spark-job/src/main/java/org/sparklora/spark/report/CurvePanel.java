package org.sparklora.spark.report;

import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.geom.Rectangle2D;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jfree.chart.ChartRenderingInfo;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.axis.NumberAxis;
import org.jfree.chart.plot.XYPlot;
import org.jfree.chart.renderer.xy.XYLineAndShapeRenderer;
import org.jfree.chart.title.TextTitle;
import org.jfree.chart.ui.HorizontalAlignment;
import org.jfree.chart.ui.RectangleEdge;
import org.jfree.chart.ui.RectangleInsets;
import org.jfree.data.Range;
import org.jfree.data.xy.XYSeries;
import org.jfree.data.xy.XYSeriesCollection;

/**
 * One metric of several runs over a common axis of steps, each curve with its run's name at its
 * end.
 *
 * @param metric what is drawn
 * @param runs in the order of their colours; those without the metric leave their colour unused
 * @param steps the right end of the axis
 */
record CurvePanel(Metric metric, List<RunLog> runs, double steps) {
  private static final Color INK = new Color(0x333333);
  private static final Color GRID = new Color(0xe6e6e6);
  private static final Font TITLE = new Font(Font.SANS_SERIF, Font.BOLD, 13);
  private static final Font SMALL = new Font(Font.SANS_SERIF, Font.PLAIN, 11);
  private static final double MAX_LABEL_WIDTH = 130;
  private static final double GAP = 6;

  /** Draws the panel into a part of a picture. */
  void draw(Graphics2D graphics, Rectangle2D area) {
    boolean labelled = runs.size() > 1;
    double margin = labelled ? labelWidth(graphics) + 2 * GAP : 3 * GAP;
    JFreeChart chart = new JFreeChart(null, TITLE, plot(), false);
    chart.setBackgroundPaint(Color.WHITE);
    chart.setPadding(new RectangleInsets(4, 4, 4, margin));
    chart.addSubtitle(
        new TextTitle(
            metric.title(),
            TITLE,
            INK,
            RectangleEdge.TOP,
            HorizontalAlignment.LEFT,
            org.jfree.chart.ui.VerticalAlignment.TOP,
            new RectangleInsets(2, GAP, GAP, 0)));
    ChartRenderingInfo info = new ChartRenderingInfo();
    chart.draw(graphics, area, info);
    if (labelled) {
      drawLabels(graphics, chart.getXYPlot(), info.getPlotInfo().getDataArea());
    }
  }

  private XYPlot plot() {
    XYSeriesCollection series = new XYSeriesCollection();
    XYLineAndShapeRenderer lines = new XYLineAndShapeRenderer(true, false);
    // running means first: the first series is drawn last, on top
    for (int run = 0; run < runs.size(); run++) {
      add(series, lines, shown(run), RunColors.of(run), RunColors.stroke(run));
    }
    for (int run = 0; run < runs.size(); run++) {
      if (isSmoothed(run)) {
        add(series, lines, curve(run), RunColors.faint(run), RunColors.faintStroke());
      }
    }
    NumberAxis domain = axis("optimizer step");
    domain.setStandardTickUnits(NumberAxis.createIntegerTickUnits());
    domain.setRange(new Range(0, Math.max(1, steps)));
    NumberAxis range = axis(null);
    range.setAutoRangeIncludesZero(metric.fromZero());
    range.setAutoRangeStickyZero(true);
    XYPlot plot = new XYPlot(series, domain, range, lines);
    plot.setBackgroundPaint(Color.WHITE);
    plot.setDomainGridlinePaint(GRID);
    plot.setRangeGridlinePaint(GRID);
    plot.setRangeGridlineStroke(RunColors.faintStroke());
    plot.setDomainGridlineStroke(RunColors.faintStroke());
    plot.setOutlineVisible(false);
    plot.setAxisOffset(RectangleInsets.ZERO_INSETS);
    return plot;
  }

  private static NumberAxis axis(String name) {
    NumberAxis axis = new NumberAxis(name);
    axis.setLabelFont(SMALL);
    axis.setLabelPaint(INK);
    axis.setTickLabelFont(SMALL);
    axis.setTickLabelPaint(INK);
    axis.setAxisLineVisible(false);
    axis.setTickMarksVisible(false);
    return axis;
  }

  private static void add(
      XYSeriesCollection all,
      XYLineAndShapeRenderer lines,
      Curve curve,
      Color color,
      java.awt.BasicStroke stroke) {
    int number = all.getSeriesCount();
    XYSeries series = new XYSeries(number);
    for (int i = 0; i < curve.steps().length; i++) {
      if (Double.isFinite(curve.values()[i])) {
        series.add(curve.steps()[i], curve.values()[i]);
      }
    }
    all.addSeries(series);
    lines.setSeriesPaint(number, color);
    lines.setSeriesStroke(number, stroke);
    lines.setSeriesShapesVisible(number, series.getItemCount() == 1); // a line needs two points
  }

  private Curve curve(int run) {
    return metric.of(runs.get(run));
  }

  /** Whether a running mean is drawn over a run's values. */
  private boolean isSmoothed(int run) {
    return metric.noisy() && curve(run).isWorthSmoothing(Curve.window(steps));
  }

  private Curve shown(int run) {
    Curve curve = curve(run);
    return isSmoothed(run)
        ? new Curve(curve.steps(), curve.runningMean(Curve.window(steps)))
        : curve;
  }

  private double labelWidth(Graphics2D graphics) {
    FontMetrics font = graphics.getFontMetrics(SMALL);
    return Math.min(
        MAX_LABEL_WIDTH,
        runs.stream().mapToDouble(run -> font.stringWidth(run.name())).max().orElse(0));
  }

  /**
   * @param y where it would stand, in pixels
   */
  private record Label(int run, double y) {}

  /** The runs' names where their curves end, moved apart where they would meet. */
  private void drawLabels(Graphics2D graphics, XYPlot plot, Rectangle2D data) {
    List<Label> labels = new ArrayList<>();
    for (int run = 0; run < runs.size(); run++) {
      Curve shown = shown(run);
      if (!shown.isEmpty()) {
        double y = plot.getRangeAxis().valueToJava2D(shown.last(), data, plot.getRangeAxisEdge());
        labels.add(new Label(run, Double.isFinite(y) ? y : data.getMaxY()));
      }
    }
    labels.sort(Comparator.comparingDouble(Label::y));
    FontMetrics font = graphics.getFontMetrics(SMALL);
    double height = font.getHeight();
    double[] tops = apart(labels.stream().mapToDouble(Label::y).toArray(), height, data);
    graphics.setFont(SMALL);
    for (int i = 0; i < tops.length; i++) {
      int run = labels.get(i).run();
      graphics.setColor(RunColors.of(run).darker());
      graphics.drawString(
          fitting(runs.get(run).name(), font),
          (float) (data.getMaxX() + GAP),
          (float) (tops[i] + font.getAscent() / 2.0 - 1));
    }
  }

  /** Ascending places at least {@code height} apart, inside the area where they fit. */
  private static double[] apart(double[] wanted, double height, Rectangle2D data) {
    double[] places = wanted.clone();
    for (int i = 1; i < places.length; i++) {
      places[i] = Math.max(places[i], places[i - 1] + height);
    }
    double limit = data.getMaxY();
    for (int i = places.length - 1; i >= 0 && places[i] > limit; i--) {
      places[i] = limit;
      limit -= height;
    }
    return places;
  }

  private static String fitting(String name, FontMetrics font) {
    String text = name;
    while (font.stringWidth(text) > MAX_LABEL_WIDTH && text.length() > 4) {
      text = text.substring(0, text.length() - 2) + "…";
    }
    return text;
  }
}
