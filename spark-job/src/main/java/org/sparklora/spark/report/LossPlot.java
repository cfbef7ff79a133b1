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
  private static final int SMOOTHING_STEPS = 10;
  private static final Color RAW = new Color(0x9ecae1);
  private static final Color SMOOTH = new Color(0x08519c);

  private LossPlot() {}

  /**
   * A curve.
   *
   * @param name under which it is drawn, with its unit
   * @param steps ascending
   * @param values as many; those that are not finite are left out
   */
  public record Curve(String name, double[] steps, double[] values) {}

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
    boolean smooths = curve.steps().length > 2 * SMOOTHING_STEPS;
    XYSeriesCollection series = new XYSeriesCollection();
    if (smooths) {
      series.addSeries(
          series("mean of the last %d".formatted(SMOOTHING_STEPS), curve, SMOOTHING_STEPS));
    }
    series.addSeries(series("each step", curve, 1));
    NumberAxis axis = new NumberAxis(curve.name());
    axis.setAutoRangeIncludesZero(false);
    XYLineAndShapeRenderer lines = new XYLineAndShapeRenderer(true, curve.steps().length < 3);
    lines.setSeriesPaint(0, SMOOTH);
    lines.setSeriesStroke(0, new BasicStroke(2f));
    lines.setSeriesPaint(1, RAW);
    XYPlot plot = new XYPlot(series, null, axis, lines);
    plot.setBackgroundPaint(Color.WHITE);
    plot.setRangeGridlinePaint(Color.LIGHT_GRAY);
    plot.setDomainGridlinePaint(Color.LIGHT_GRAY);
    return plot;
  }

  private static XYSeries series(String name, Curve curve, int window) {
    XYSeries series = new XYSeries(name);
    for (int i = 0; i < curve.steps().length; i++) {
      double sum = 0;
      int count = 0;
      for (int j = Math.max(0, i - window + 1); j <= i; j++) {
        if (Double.isFinite(curve.values()[j])) {
          sum += curve.values()[j];
          count++;
        }
      }
      if (count > 0) {
        series.add(curve.steps()[i], sum / count);
      }
    }
    return series;
  }
}
