package org.sparklora.spark.report;

import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;

/**
 * The curves of one or several runs as a PNG: a panel a metric, two beside each other, over a
 * common axis of optimizer steps.
 */
public final class RunFigure {
  private static final int PANEL_WIDTH = 560;
  private static final int PANEL_HEIGHT = 230;
  private static final int FIRST_HEIGHT = 330;
  private static final int HEAD_HEIGHT = 62;
  private static final int MARGIN = 14;
  private static final int MOST_LABELS = 6;

  /** Pixels a point, for screens that have twice the usual. */
  private static final int SCALE = 2;

  private static final Color INK = new Color(0x222222);
  private static final Color PALE_INK = new Color(0x666666);

  /** What sft's {@code loss.png} shows. */
  private static final List<Metric> LOSSES =
      List.of(Metric.LOSS, Metric.EVAL_LOSS, Metric.ACCURACY, Metric.LEARNING_RATE);

  /** What grpo's {@code reward.png} shows. */
  private static final List<Metric> REWARDS =
      List.of(
          Metric.REWARD,
          Metric.EVAL_REWARD,
          Metric.LENGTH,
          Metric.ENTROPY,
          Metric.ZERO_STD,
          Metric.KL,
          Metric.LEARNING_RATE);

  private RunFigure() {}

  /** The curves that a fine-tuning run is looked at for; nothing where it has logged none. */
  public static void writeLoss(Path file, String title, List<Map<String, Object>> rows)
      throws IOException {
    write(file, title, LOSSES, List.of(new RunLog(title, rows, Map.of())));
  }

  /** The curves that a run on rewards is looked at for; nothing where it has logged none. */
  public static void writeReward(Path file, String title, List<Map<String, Object>> rows)
      throws IOException {
    write(file, title, REWARDS, List.of(new RunLog(title, rows, Map.of())));
  }

  private static void write(Path file, String title, List<Metric> metrics, List<RunLog> runs)
      throws IOException {
    List<Metric> logged = logged(metrics, runs);
    if (!logged.isEmpty()) {
      Path aside = file.resolveSibling(file.getFileName() + ".part");
      Files.write(aside, png(title, logged, runs));
      Files.move(aside, file, StandardCopyOption.REPLACE_EXISTING);
    }
  }

  /** Those that at least one run has. */
  static List<Metric> logged(List<Metric> metrics, List<RunLog> runs) {
    return metrics.stream()
        .filter(metric -> runs.stream().anyMatch(run -> !metric.of(run).isEmpty()))
        .toList();
  }

  /** How the curves are to be read, for people; the empty string where they tell it themselves. */
  static String notes(List<Metric> metrics, List<RunLog> runs) {
    List<CurvePanel> panels = metrics.stream().map(metric -> panel(metric, runs)).toList();
    List<String> notes = new ArrayList<>();
    if (panels.stream().anyMatch(CurvePanel::isSmoothed)) {
      notes.add(
          "Thick lines are means over the last %.0f steps, thin lines the values as logged."
              .formatted(Curve.window(steps(runs))));
    }
    if (panels.stream().anyMatch(CurvePanel::isStriped)) {
      notes.add("Striped lines and ringed dots belong to several runs, whose values are the same.");
    }
    return String.join(" ", notes);
  }

  private static CurvePanel panel(Metric metric, List<RunLog> runs) {
    return new CurvePanel(metric, runs, steps(runs), runs.size() > 1 && !hasLegend(runs));
  }

  /** More names than these do not fit beside the curves of a panel. */
  private static boolean hasLegend(List<RunLog> runs) {
    return runs.size() > MOST_LABELS;
  }

  private static int steps(List<RunLog> runs) {
    return runs.stream().mapToInt(RunLog::steps).max().orElse(0);
  }

  /**
   * Draws.
   *
   * @param title above it all; the empty string for none
   * @param metrics at least one
   * @return the bytes of a PNG
   */
  static byte[] png(String title, List<Metric> metrics, List<RunLog> runs) {
    int width = 2 * (PANEL_WIDTH + MARGIN);
    RunLegend legend = new RunLegend(hasLegend(runs) ? runs : List.of(), width - 4 * MARGIN);
    int titleHeight = title.isEmpty() ? 0 : HEAD_HEIGHT;
    int head = titleHeight + legend.height();
    int height = head + FIRST_HEIGHT + metrics.size() / 2 * PANEL_HEIGHT + MARGIN;
    BufferedImage image =
        new BufferedImage(SCALE * width, SCALE * height, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    graphics.scale(SCALE, SCALE);
    graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    graphics.setRenderingHint(
        RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    graphics.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
    graphics.setColor(Color.WHITE);
    graphics.fillRect(0, 0, width, height);
    if (!title.isEmpty()) {
      drawHead(graphics, title, notes(metrics, runs), width - 4 * MARGIN);
    }
    legend.draw(graphics, 2 * MARGIN, titleHeight);
    graphics.translate(0, head);
    for (int i = 0; i < metrics.size(); i++) {
      panel(metrics.get(i), runs).draw(graphics, place(i));
    }
    graphics.dispose();
    return encoded(image);
  }

  private static Rectangle2D place(int panel) {
    if (panel == 0) {
      return new Rectangle2D.Double(MARGIN, 0, 2 * PANEL_WIDTH, FIRST_HEIGHT);
    }
    int row = (panel - 1) / 2;
    int column = (panel - 1) % 2;
    return new Rectangle2D.Double(
        MARGIN + column * PANEL_WIDTH,
        FIRST_HEIGHT + row * PANEL_HEIGHT,
        PANEL_WIDTH,
        PANEL_HEIGHT);
  }

  static void drawHead(Graphics2D graphics, String title, String notes, int width) {
    graphics.setColor(INK);
    graphics.setFont(new Font(Font.SANS_SERIF, Font.BOLD, 18));
    graphics.drawString(
        CurvePanel.fitting(title, graphics.getFontMetrics(), width), 2 * MARGIN, 30);
    graphics.setColor(PALE_INK);
    graphics.setFont(new Font(Font.SANS_SERIF, Font.PLAIN, 11));
    graphics.drawString(notes, 2 * MARGIN, 48);
  }

  static byte[] encoded(BufferedImage image) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      ImageIO.write(image, "png", bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }
}
