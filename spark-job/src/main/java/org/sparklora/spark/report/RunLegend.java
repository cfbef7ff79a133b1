package org.sparklora.spark.report;

import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.geom.Line2D;
import java.util.List;

/**
 * The runs' names beside a piece of their lines, in columns: for figures with more runs than have
 * room at the ends of their curves.
 *
 * @param runs in the order of their colours; none: no legend
 * @param width pixels
 */
record RunLegend(List<RunLog> runs, int width) {
  private static final Font FONT = new Font(Font.SANS_SERIF, Font.PLAIN, 11);
  private static final int COLUMNS = 4;
  private static final int ROW_HEIGHT = 17;
  private static final int BELOW = 8;
  private static final int LINE = 26;
  private static final int GAP = 6;

  private int rows() {
    return -Math.floorDiv(-runs.size(), COLUMNS);
  }

  /** Pixels. */
  int height() {
    return runs.isEmpty() ? 0 : rows() * ROW_HEIGHT + BELOW;
  }

  /** Draws the legend below and to the right of a point. */
  void draw(Graphics2D graphics, int left, int top) {
    graphics.setFont(FONT);
    FontMetrics font = graphics.getFontMetrics();
    int column = width / COLUMNS;
    for (int run = 0; run < runs.size(); run++) {
      int x = left + run / rows() * column;
      int y = top + run % rows() * ROW_HEIGHT + ROW_HEIGHT / 2;
      graphics.setColor(RunColors.of(run));
      graphics.setStroke(RunColors.stroke(run));
      graphics.draw(new Line2D.Double(x, y, x + LINE, y));
      graphics.setColor(RunColors.of(run).darker());
      String name = CurvePanel.fitting(runs.get(run).name(), font, column - LINE - 3.0 * GAP);
      graphics.drawString(name, x + LINE + GAP, y + font.getAscent() / 2 - 1);
    }
  }
}
