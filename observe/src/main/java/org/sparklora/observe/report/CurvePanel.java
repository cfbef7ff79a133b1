package org.sparklora.observe.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.geom.Rectangle2D;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.jfree.chart.ChartRenderingInfo;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.plot.XYPlot;
import org.jfree.chart.title.TextTitle;
import org.jfree.chart.ui.HorizontalAlignment;

/**
 * One metric of several runs over a common axis of steps, each curve with its run's name at its
 * end. Curves that lie on each other are striped in their runs' colours. Immutable.
 */
final class CurvePanel {
  private static final Color INK = new Color(0x333333);
  private static final Font TITLE = new Font(Font.SANS_SERIF, Font.BOLD, 13);
  private static final Font SMALL = new Font(Font.SANS_SERIF, Font.PLAIN, 11);
  private static final double MAX_LABEL_WIDTH = 150;
  private static final double GAP = 6;

  /** Room for the last mark of the axis of steps. */
  private static final double RIGHT_MARGIN = 24;

  /** Approximate width of a line, as a share of a panel's height. */
  private static final double LINE_SHARE = 0.008;

  /** Pixels by which a dot is larger than the one that is drawn over it. */
  private static final int RING = 3;

  private final Metric metric;
  private final List<RunLog> runs;
  private final double steps;
  private final boolean labelled;
  private final ValueScale scale;

  /** The runs' curves as logged. */
  private final List<Curve> curves;

  /** The runs' curves, or their running means, in the axis' measure. */
  private final List<Curve> lines;

  /** For each run the first run whose line lies on its own, or the run itself. */
  private final List<Integer> leaders = new ArrayList<>();

  /**
   * Computes the lines.
   *
   * @param runs in the order of their colours; those without the metric leave their colour unused
   * @param steps the right end of the axis
   * @param labelled whether names stand at the curves' ends
   */
  CurvePanel(Metric metric, List<RunLog> runs, double steps, boolean labelled) {
    this.metric = metric;
    this.runs = runs;
    this.steps = steps;
    this.labelled = labelled;
    this.scale = ValueScale.of(metric, runs);
    this.curves = runs.stream().map(metric::of).toList();
    this.lines = IntStream.range(0, runs.size()).mapToObj(this::line).toList();
    double tolerance = LINE_SHARE * (scale.ticks().high() - scale.ticks().low());
    for (int run = 0; run < runs.size(); run++) {
      leaders.add(leader(run, tolerance));
    }
  }

  private Curve line(int run) {
    Curve curve = curves.get(run);
    return scale.measured(
        isSmoothed(run) ? new Curve(curve.steps(), curve.runningMean(Curve.window(steps))) : curve);
  }

  /** Whether a running mean is drawn over a run's values. */
  private boolean isSmoothed(int run) {
    return metric.noisy() && curves.get(run).isWorthSmoothing(Curve.window(steps));
  }

  private int leader(int run, double tolerance) {
    for (int earlier = 0; earlier < run; earlier++) {
      boolean leads = leaders.get(earlier) == earlier;
      if (leads && lines.get(run).covers(lines.get(earlier), tolerance)) {
        return earlier;
      }
    }
    return run;
  }

  /** Whether curves of several runs lie on each other. */
  boolean isStriped() {
    return leaders.stream().distinct().count() < runs.size();
  }

  /** Whether a running mean is drawn over some run's values. */
  boolean isSmoothed() {
    return IntStream.range(0, runs.size()).anyMatch(this::isSmoothed);
  }

  /** Draws the panel into a part of a picture, with the legend of the runs above it if asked. */
  void draw(Graphics2D graphics, Rectangle2D area, boolean legend) {
    JFreeChart chart = chart(labelled ? labelWidth(graphics) + 2 * GAP : RIGHT_MARGIN);
    if (legend) {
      List<String> names = runs.stream().map(RunLog::name).toList();
      chart.addLegend(LineLegend.above(names, graphics.getFontMetrics(SMALL), area.getWidth()));
    }
    TextTitle title = new TextTitle(title(), TITLE);
    title.setPaint(INK);
    title.setHorizontalAlignment(HorizontalAlignment.LEFT);
    title.setPadding(2, GAP, GAP, 0);
    chart.addSubtitle(title);
    ChartRenderingInfo info = new ChartRenderingInfo();
    chart.draw(graphics, area, info);
    if (labelled) {
      drawLabels(graphics, chart.getXYPlot(), info.getPlotInfo().getDataArea());
    }
  }

  /** The metric's title, with notes on a logarithmic axis and missing values. */
  private String title() {
    long missing = curves.stream().mapToLong(Curve::missing).sum();
    return metric.title()
        + (scale.isLogarithmic() ? ", logarithmic" : "")
        + (missing == 0 ? "" : String.format(Locale.ROOT, ", %,d values missing", missing));
  }

  private JFreeChart chart(double room) {
    CurveRenderer renderer = new CurveRenderer();
    // running means first: the first series is drawn last, on top
    for (int run = 0; run < runs.size(); run++) {
      int leader = leaders.get(run);
      int together = Collections.frequency(leaders, leader);
      int turn = Collections.frequency(leaders.subList(0, run), leader);
      BasicStroke stroke =
          together == 1 ? RunColors.stroke(run) : RunColors.striped(turn, together);
      renderer.add(lines.get(run), RunColors.of(run), stroke, turn * RING);
    }
    for (int run = 0; run < runs.size(); run++) {
      if (isSmoothed(run)) {
        Curve logged = scale.measured(curves.get(run));
        renderer.add(logged, RunColors.faint(run), RunColors.faintStroke(), -RING);
      }
    }
    TickedAxis domain = new TickedAxis("optimizer step", Ticks.steps(steps), SMALL, INK);
    TickedAxis range = new TickedAxis(null, scale.ticks(), SMALL, INK);
    return renderer.chart(domain, range, room);
  }

  private double labelWidth(Graphics2D graphics) {
    FontMetrics font = graphics.getFontMetrics(SMALL);
    return Math.min(
        MAX_LABEL_WIDTH,
        runs.stream().mapToDouble(run -> font.stringWidth(run.name())).max().orElse(0));
  }

  /**
   * @param y wanted position, in pixels
   */
  private record Label(int run, double y) {}

  /** Draws the runs' names at the ends of their curves, moved apart if they would overlap. */
  private void drawLabels(Graphics2D graphics, XYPlot plot, Rectangle2D data) {
    List<Label> labels = new ArrayList<>();
    for (int run = 0; run < runs.size(); run++) {
      if (!curves.get(run).isEmpty()) {
        double last = lines.get(run).last();
        double y = plot.getRangeAxis().valueToJava2D(last, data, plot.getRangeAxisEdge());
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
          fitting(runs.get(run).name(), font, MAX_LABEL_WIDTH),
          (float) (data.getMaxX() + GAP),
          (float) (tops[i] + font.getAscent() / 2.0 - 1));
    }
  }

  /** Ascending places at least {@code height} apart, inside the area if they fit. */
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

  /** Cuts the middle of a name that is too wide: most names of a series differ at their ends. */
  static String fitting(String name, FontMetrics font, double width) {
    if (font.stringWidth(name) <= width) {
      return name;
    }
    int kept = name.length() - 1;
    String text = name;
    while (font.stringWidth(text) > width && kept > 2) {
      kept--;
      int head = kept / 2;
      text = name.substring(0, head) + "…" + name.substring(name.length() - (kept - head));
    }
    return text;
  }
}
