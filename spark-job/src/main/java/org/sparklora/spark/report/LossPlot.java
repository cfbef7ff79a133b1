package org.sparklora.spark.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import org.jfree.chart.ChartUtils;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.axis.NumberAxis;
import org.jfree.chart.plot.CombinedDomainXYPlot;
import org.jfree.chart.plot.XYPlot;
import org.jfree.chart.renderer.xy.XYLineAndShapeRenderer;
import org.jfree.data.xy.XYSeries;
import org.jfree.data.xy.XYSeriesCollection;

/** Draws a run's curves over its optimizer steps as a PNG. */
public final class LossPlot {
  private static final int WIDTH_PIXELS = 1000;
  private static final int PANEL_PIXELS = 260;

  /** A smoothed value is the mean of this share of the run, and of this many steps at least. */
  private static final double SMOOTHED_SHARE = 0.05;

  private static final int MIN_SMOOTHED_STEPS = 10;
  private static final Color RAW = new Color(0x9ecae1);
  private static final Color SMOOTH = new Color(0x08519c);

  private LossPlot() {}

  /**
   * A curve.
   *
   * @param name under which it is drawn, with its unit
   * @param steps ascending
   * @param values as many; those that are not finite are left out
   * @param smooth whether a running mean is drawn over it
   */
  public record Curve(String name, double[] steps, double[] values, boolean smooth) {
    /** A curve as it is. */
    public static Curve of(String name, double[] steps, double[] values) {
      return new Curve(name, steps, values, false);
    }

    /** The same with a running mean, as noisy values want it. */
    public Curve smoothed() {
      return new Curve(name, steps, values, true);
    }

    /** The mean of the values of the last {@code window} steps at each of the curve's steps. */
    double[] runningMean(double window) {
      double[] means = new double[values.length];
      for (int i = 0; i < values.length; i++) {
        double sum = 0;
        int count = 0;
        for (int j = i; j >= 0 && steps[j] > steps[i] - window; j--) {
          if (Double.isFinite(values[j])) {
            sum += values[j];
            count++;
          }
        }
        means[i] = count == 0 ? Double.NaN : sum / count;
      }
      return means;
    }
  }

  /**
   * Writes one panel a curve above a common axis of steps; the file appears when it is complete.
   */
  public static void write(Path file, String title, List<Curve> curves) throws IOException {
    NumberAxis steps = new NumberAxis("optimizer step");
    steps.setStandardTickUnits(NumberAxis.createIntegerTickUnits());
    CombinedDomainXYPlot panels = new CombinedDomainXYPlot(steps);
    panels.setGap(16);
    curves.forEach(curve -> panels.add(panel(curve)));
    JFreeChart chart =
        new JFreeChart(title, new Font(Font.SANS_SERIF, Font.BOLD, 18), panels, false);
    chart.setBackgroundPaint(Color.WHITE);
    Path aside = file.resolveSibling(file.getFileName() + ".part");
    ChartUtils.saveChartAsPNG(
        aside.toFile(), chart, WIDTH_PIXELS, 90 + PANEL_PIXELS * curves.size());
    Files.move(aside, file, StandardCopyOption.REPLACE_EXISTING);
  }

  private static XYPlot panel(Curve curve) {
    XYSeriesCollection series = new XYSeriesCollection();
    int rows = curve.steps().length;
    double window =
        Math.max(MIN_SMOOTHED_STEPS, Math.ceil(SMOOTHED_SHARE * curve.steps()[rows - 1]));
    double spacing = curve.steps()[rows - 1] / rows;
    boolean smooths = curve.smooth() && spacing < window && rows > 2 * window / spacing;
    if (smooths) {
      series.addSeries(
          series(
              "mean of the last %.0f steps".formatted(window),
              curve.steps(),
              curve.runningMean(window)));
    }
    series.addSeries(series("as logged", curve.steps(), curve.values()));
    NumberAxis axis = new NumberAxis(curve.name());
    axis.setAutoRangeIncludesZero(false);
    XYLineAndShapeRenderer lines = new XYLineAndShapeRenderer(true, rows < 3);
    if (smooths) {
      lines.setSeriesPaint(1, RAW);
    }
    lines.setSeriesPaint(0, SMOOTH);
    lines.setSeriesStroke(0, new BasicStroke(2f));
    XYPlot plot = new XYPlot(series, null, axis, lines);
    plot.setBackgroundPaint(Color.WHITE);
    plot.setRangeGridlinePaint(Color.LIGHT_GRAY);
    plot.setDomainGridlinePaint(Color.LIGHT_GRAY);
    return plot;
  }

  private static XYSeries series(String name, double[] steps, double[] values) {
    XYSeries series = new XYSeries(name);
    for (int i = 0; i < steps.length; i++) {
      if (Double.isFinite(values[i])) {
        series.add(steps[i], values[i]);
      }
    }
    return series;
  }
}
