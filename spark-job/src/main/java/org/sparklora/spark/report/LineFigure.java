package org.sparklora.spark.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Line2D;
import java.awt.geom.Rectangle2D;
import java.util.Arrays;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.jfree.chart.ChartRenderingInfo;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.plot.XYPlot;
import org.jfree.chart.ui.RectangleInsets;

/**
 * Lines of a number over another one, as a PNG: with a range at each point, and a ring where a line
 * has its optimum. The colours are those of {@link RunReport}.
 *
 * @param title above it
 * @param note how it is to be read
 * @param xTitle below the axis
 * @param yTitle beside the axis
 * @param logarithmic whether the lower axis is; its values are positive then
 * @param lines in the order of their colours
 */
public record LineFigure(
    String title,
    String note,
    String xTitle,
    String yTitle,
    boolean logarithmic,
    List<Line> lines) {
  private static final int WIDTH = 900;
  private static final int HEIGHT = 520;
  private static final double LABELS = 190;
  private static final double GAP = 8;
  private static final double RING = 11;
  private static final double CAP = 3;

  /** Points this many times as bad as the best are cut off: the picture is of the best. */
  private static final double MOST_SPREAD = 4;

  private static final Color INK = new Color(0x333333);
  private static final Font SMALL = new Font(Font.SANS_SERIF, Font.PLAIN, 12);

  public LineFigure {
    lines = List.copyOf(lines);
  }

  /**
   * A line.
   *
   * @param name beside its end
   * @param x ascending, {@code (n)}
   * @param y {@code (n)}; NaN breaks the line
   * @param low {@code (n)}, below {@code y} or the same; NaN for no range
   * @param high likewise
   * @param ring where a ring is drawn, {@code x} and {@code y}; empty for none
   */
  public record Line(
      String name, double[] x, double[] y, double[] low, double[] high, double[] ring) {}

  /** The bytes of a PNG. */
  public byte[] png() {
    Canvas canvas = new Canvas(WIDTH, HEIGHT);
    canvas.drawHead(title, note);
    draw(
        canvas.graphics(),
        new Rectangle2D.Double(
            Canvas.MARGIN,
            Canvas.HEAD_HEIGHT,
            WIDTH - 2 * Canvas.MARGIN,
            HEIGHT - Canvas.HEAD_HEIGHT));
    return canvas.png();
  }

  private void draw(Graphics2D graphics, Rectangle2D area) {
    JFreeChart chart = new JFreeChart(null, SMALL, plot(), false);
    chart.setBackgroundPaint(Color.WHITE);
    chart.setPadding(new RectangleInsets(4, 4, 4, LABELS));
    ChartRenderingInfo info = new ChartRenderingInfo();
    chart.draw(graphics, area, info);
    Rectangle2D data = info.getPlotInfo().getDataArea();
    XYPlot plot = chart.getXYPlot();
    var clip = graphics.getClip();
    graphics.clip(data);
    for (int i = 0; i < lines.size(); i++) {
      drawRanges(graphics, plot, data, i);
    }
    graphics.setClip(clip);
    for (int i = 0; i < lines.size(); i++) {
      drawRing(graphics, plot, data, i);
    }
    drawNames(graphics, plot, data);
  }

  private XYPlot plot() {
    CurveRenderer renderer = new CurveRenderer();
    for (int i = 0; i < lines.size(); i++) {
      Line line = lines.get(i);
      renderer.add(measured(line.x()), line.y(), RunColors.of(i), RunColors.stroke(i), 2);
    }
    TickedAxis domain = new TickedAxis(xTitle, xTicks(), SMALL, INK);
    TickedAxis range = new TickedAxis(yTitle, yTicks(), SMALL, INK);
    return renderer.plot(domain, range);
  }

  private double[] measured(double[] x) {
    return logarithmic ? Arrays.stream(x).map(Math::log10).toArray() : x;
  }

  private Ticks xTicks() {
    double[] all = lines.stream().flatMapToDouble(line -> Arrays.stream(line.x())).toArray();
    double least = Arrays.stream(all).min().orElse(1);
    double largest = Arrays.stream(all).max().orElse(10);
    return logarithmic
        ? Ticks.logarithmic(least, Math.max(largest, least * (1 + 1e-9)))
        : Ticks.linear(all, false);
  }

  /** A few points that are far worse than all others would press the rest together. */
  private Ticks yTicks() {
    double[] all =
        lines.stream()
            .flatMapToDouble(
                line ->
                    IntStream.range(0, line.y().length)
                        .filter(i -> Double.isFinite(line.y()[i]))
                        .mapToDouble(i -> line.y()[i]))
            .sorted()
            .toArray();
    double[] ranges =
        lines.stream()
            .flatMapToDouble(
                line ->
                    Arrays.stream(new double[][] {line.low(), line.high()})
                        .flatMapToDouble(Arrays::stream))
            .filter(Double::isFinite)
            .toArray();
    if (all.length == 0) {
      return Ticks.linear(all, true);
    }
    double median = all[all.length / 2];
    double most = all[0] + MOST_SPREAD * (median - all[0]);
    double least = all[all.length - 1] - MOST_SPREAD * (all[all.length - 1] - median);
    boolean crowded = median > all[0] && all[all.length - 1] > most;
    double[] shown =
        DoubleStream.concat(Arrays.stream(all), Arrays.stream(ranges))
            .filter(value -> !crowded || value <= most)
            .filter(value -> value >= Math.min(least, all[0] - (all[all.length - 1] - all[0])))
            .toArray();
    DoubleStream rings =
        lines.stream().filter(line -> line.ring().length == 2).mapToDouble(line -> line.ring()[1]);
    return Ticks.linear(DoubleStream.concat(Arrays.stream(shown), rings).toArray(), false);
  }

  private void drawRanges(Graphics2D graphics, XYPlot plot, Rectangle2D data, int number) {
    Line line = lines.get(number);
    graphics.setColor(RunColors.of(number));
    graphics.setStroke(new BasicStroke(1));
    for (int i = 0; i < line.x().length; i++) {
      if (Double.isFinite(line.low()[i]) && line.high()[i] > line.low()[i]) {
        double x = x(plot, data, line.x()[i]);
        double low = y(plot, data, line.low()[i]);
        double high = y(plot, data, line.high()[i]);
        graphics.draw(new Line2D.Double(x, low, x, high));
        graphics.draw(new Line2D.Double(x - CAP, low, x + CAP, low));
        graphics.draw(new Line2D.Double(x - CAP, high, x + CAP, high));
      }
    }
  }

  private void drawRing(Graphics2D graphics, XYPlot plot, Rectangle2D data, int number) {
    double[] ring = lines.get(number).ring();
    if (ring.length == 2) {
      graphics.setColor(RunColors.of(number).darker());
      graphics.setStroke(new BasicStroke(2));
      graphics.draw(
          new Ellipse2D.Double(
              x(plot, data, ring[0]) - RING / 2, y(plot, data, ring[1]) - RING / 2, RING, RING));
    }
  }

  private double x(XYPlot plot, Rectangle2D data, double value) {
    return plot.getDomainAxis()
        .valueToJava2D(logarithmic ? Math.log10(value) : value, data, plot.getDomainAxisEdge());
  }

  private static double y(XYPlot plot, Rectangle2D data, double value) {
    return plot.getRangeAxis().valueToJava2D(value, data, plot.getRangeAxisEdge());
  }

  /** One below the other: lines that meet at an optimum end in the same place. */
  private void drawNames(Graphics2D graphics, XYPlot plot, Rectangle2D data) {
    FontMetrics font = graphics.getFontMetrics(SMALL);
    graphics.setFont(SMALL);
    double left = data.getMaxX() + 2 * GAP;
    for (int i = 0; i < lines.size(); i++) {
      double top = data.getMinY() + (i + 1) * (font.getHeight() + GAP / 2);
      graphics.setColor(RunColors.of(i));
      graphics.setStroke(RunColors.stroke(i));
      graphics.draw(new Line2D.Double(left, top - 4, left + 2 * GAP, top - 4));
      graphics.setColor(RunColors.of(i).darker());
      String name = CurvePanel.fitting(lines.get(i).name(), font, LABELS - 6 * GAP);
      graphics.drawString(name, (float) (left + 3 * GAP), (float) top);
    }
  }
}
