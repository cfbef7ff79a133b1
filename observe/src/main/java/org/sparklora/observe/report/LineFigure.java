package org.sparklora.observe.report;

import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.geom.Rectangle2D;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.jfree.chart.JFreeChart;

/**
 * Lines of one number over another, as a PNG, with a range at each point and a ring at a line's
 * optimum. The colours are those of {@link RunReport}.
 *
 * @param logarithmic whether the x axis is logarithmic; its values must be positive then
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
  private static final double NAMES = 142;
  private static final double GAP = 4;

  /** Values beyond this many times the distance from the least to the median are cut off. */
  private static final double MOST_SPREAD = 4;

  private static final Color INK = new Color(0x333333);
  private static final Font SMALL = new Font(Font.SANS_SERIF, Font.PLAIN, 12);

  public LineFigure {
    lines = List.copyOf(lines);
  }

  /**
   * A line.
   *
   * @param x ascending, {@code (n)}
   * @param y {@code (n)}; NaN breaks the line
   * @param low {@code (n)}, at most {@code y}; NaN for no range
   * @param high {@code (n)}, at least {@code y}; NaN for no range
   * @param ring where a ring is drawn, {@code x} and {@code y}; empty for none
   */
  public record Line(
      String name, double[] x, double[] y, double[] low, double[] high, double[] ring) {}

  public byte[] png() {
    Canvas canvas = new Canvas(WIDTH, HEIGHT);
    canvas.drawHead(title, note);
    chart(canvas.graphics())
        .draw(
            canvas.graphics(),
            new Rectangle2D.Double(
                Canvas.MARGIN,
                Canvas.HEAD_HEIGHT,
                WIDTH - 2 * Canvas.MARGIN,
                HEIGHT - Canvas.HEAD_HEIGHT));
    return canvas.png();
  }

  private JFreeChart chart(Graphics2D graphics) {
    CurveRenderer renderer = new CurveRenderer();
    // rings first: the first series is drawn last, on top
    for (int i = 0; i < lines.size(); i++) {
      double[] ring = lines.get(i).ring();
      if (ring.length == 2) {
        renderer.addRing(measured(ring)[0], ring[1], RunColors.of(i).darker());
      }
    }
    for (int i = 0; i < lines.size(); i++) {
      Line line = lines.get(i);
      Curve curve = new Curve(measured(line.x()), line.y());
      renderer.add(curve, line.low(), line.high(), RunColors.of(i), RunColors.stroke(i), 2);
    }
    TickedAxis domain = new TickedAxis(xTitle, xTicks(), SMALL, INK);
    TickedAxis range = new TickedAxis(yTitle, yTicks(), SMALL, INK);
    JFreeChart chart = renderer.chart(domain, range, GAP);
    List<String> names = lines.stream().map(Line::name).toList();
    chart.addLegend(LineLegend.beside(names, graphics.getFontMetrics(SMALL), NAMES));
    return chart;
  }

  private double[] measured(double[] x) {
    return logarithmic ? Arrays.stream(x).map(Math::log10).toArray() : x;
  }

  private Ticks xTicks() {
    double[] all = all(Line::x).toArray();
    double least = Arrays.stream(all).min().orElse(1);
    double largest = Arrays.stream(all).max().orElse(10);
    return logarithmic
        ? Ticks.logarithmic(least, Math.max(largest, least * (1 + 1e-9)))
        : Ticks.linear(all, false);
  }

  /** The y axis, without far outliers, which would compress all other points. */
  private Ticks yTicks() {
    double[] y = all(Line::y).filter(Double::isFinite).sorted().toArray();
    if (y.length == 0) {
      return Ticks.linear(y, true);
    }
    double least = y[0];
    double median = y[y.length / 2];
    double largest = y[y.length - 1];
    double most = least + MOST_SPREAD * (median - least);
    boolean crowded = median > least && largest > most;
    double fewest = Math.min(largest - MOST_SPREAD * (largest - median), least - (largest - least));
    DoubleStream shown =
        Stream.<Function<Line, double[]>>of(Line::y, Line::low, Line::high)
            .flatMapToDouble(this::all)
            .filter(Double::isFinite)
            .filter(value -> value >= fewest && (!crowded || value <= most));
    DoubleStream rings =
        lines.stream().filter(line -> line.ring().length == 2).mapToDouble(line -> line.ring()[1]);
    return Ticks.linear(DoubleStream.concat(shown, rings).toArray(), false);
  }

  private DoubleStream all(Function<Line, double[]> values) {
    return lines.stream().map(values).flatMapToDouble(Arrays::stream);
  }
}
