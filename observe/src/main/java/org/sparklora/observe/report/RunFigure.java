package org.sparklora.observe.report;

import java.awt.Graphics2D;
import java.awt.geom.Rectangle2D;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The curves of one or several runs as a PNG: a panel for each metric, two side by side below the
 * first, over a common axis of optimizer steps.
 */
public final class RunFigure {
  private static final int PANEL_WIDTH = 560;
  private static final int PANEL_HEIGHT = 230;
  private static final int FIRST_HEIGHT = 330;
  private static final int MOST_LABELS = 6;

  /** The metrics in sft's {@code loss.png}. */
  private static final List<Metric> LOSSES =
      List.of(Metric.LOSS, Metric.EVAL_LOSS, Metric.ACCURACY, Metric.LEARNING_RATE);

  /** The metrics in grpo's {@code reward.png}. */
  private static final List<Metric> REWARDS =
      List.of(
          Metric.REWARD,
          Metric.EVAL_REWARD,
          Metric.LENGTH,
          Metric.ENTROPY,
          Metric.ZERO_STD,
          Metric.KL,
          Metric.LEARNING_RATE);

  private final List<RunLog> runs;
  private final int steps;
  private final List<CurvePanel> panels;

  /** Computes the curves of one metric or more. */
  RunFigure(List<Metric> metrics, List<RunLog> runs) {
    this.runs = runs;
    this.steps = runs.stream().mapToInt(RunLog::steps).max().orElse(0);
    boolean labelled = runs.size() > 1 && !hasLegend();
    this.panels =
        metrics.stream().map(metric -> new CurvePanel(metric, runs, steps, labelled)).toList();
  }

  /** Writes the main curves of a fine-tuning run; no file if the run has logged no loss. */
  public static void writeLoss(Path file, String title, List<Map<String, Object>> rows)
      throws IOException {
    write(file, title, LOSSES, List.of(new RunLog(title, rows, Map.of())));
  }

  /** Writes the main curves of a run on rewards; no file if the run has logged no reward. */
  public static void writeReward(Path file, String title, List<Map<String, Object>> rows)
      throws IOException {
    write(file, title, REWARDS, List.of(new RunLog(title, rows, Map.of())));
  }

  private static void write(Path file, String title, List<Metric> metrics, List<RunLog> runs)
      throws IOException {
    List<Metric> logged = logged(metrics, runs);
    if (logged.stream().anyMatch(metrics.subList(0, 2)::contains)) { // the figure's name and eval
      Path aside = file.resolveSibling(file.getFileName() + ".part");
      Files.write(aside, new RunFigure(logged, runs).png(title));
      Files.move(aside, file, StandardCopyOption.REPLACE_EXISTING);
    }
  }

  /** The metrics that at least one run has logged. */
  static List<Metric> logged(List<Metric> metrics, List<RunLog> runs) {
    return metrics.stream()
        .filter(metric -> runs.stream().anyMatch(run -> !metric.of(run).isEmpty()))
        .toList();
  }

  /** Notes on how to read the curves; the empty string if none are needed. */
  String notes() {
    List<String> notes = new ArrayList<>();
    if (panels.stream().anyMatch(CurvePanel::isSmoothed)) {
      notes.add(
          String.format(
              Locale.ROOT,
              "Thick lines are means over the last %.0f steps, thin lines the values as logged.",
              Curve.window(steps)));
    }
    if (panels.stream().anyMatch(CurvePanel::isStriped)) {
      notes.add("Striped lines and ringed dots belong to several runs, whose values are the same.");
    }
    return String.join(" ", notes);
  }

  /** Whether a legend names the runs: more names than MOST_LABELS do not fit beside curves. */
  private boolean hasLegend() {
    return runs.size() > MOST_LABELS;
  }

  /**
   * Draws the figure.
   *
   * @param title above the panels; the empty string for none
   * @return the bytes of a PNG
   */
  byte[] png(String title) {
    int width = 2 * (PANEL_WIDTH + Canvas.MARGIN);
    int head = title.isEmpty() ? 0 : Canvas.HEAD_HEIGHT;
    int first = FIRST_HEIGHT + (hasLegend() ? LineLegend.height(runs.size()) : 0);
    int height = head + first + panels.size() / 2 * PANEL_HEIGHT + Canvas.MARGIN;
    Canvas canvas = new Canvas(width, height);
    Graphics2D graphics = canvas.graphics();
    if (!title.isEmpty()) {
      canvas.drawHead(title, notes());
    }
    graphics.translate(0, head);
    for (int i = 0; i < panels.size(); i++) {
      panels.get(i).draw(graphics, place(i, first), i == 0 && hasLegend());
    }
    return canvas.png();
  }

  private static Rectangle2D place(int panel, int firstHeight) {
    if (panel == 0) {
      return new Rectangle2D.Double(Canvas.MARGIN, 0, 2 * PANEL_WIDTH, firstHeight);
    }
    int row = (panel - 1) / 2;
    int column = (panel - 1) % 2;
    return new Rectangle2D.Double(
        Canvas.MARGIN + column * PANEL_WIDTH,
        firstHeight + row * PANEL_HEIGHT,
        PANEL_WIDTH,
        PANEL_HEIGHT);
  }
}
