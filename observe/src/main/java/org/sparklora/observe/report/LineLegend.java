package org.sparklora.observe.report;

import java.awt.FontMetrics;
import java.awt.geom.Line2D;
import java.util.List;
import org.jfree.chart.LegendItem;
import org.jfree.chart.LegendItemCollection;
import org.jfree.chart.title.LegendTitle;
import org.jfree.chart.ui.HorizontalAlignment;
import org.jfree.chart.ui.RectangleEdge;
import org.jfree.chart.ui.RectangleInsets;
import org.jfree.chart.ui.VerticalAlignment;

/** JFreeChart's legend with a piece of each line of {@link RunColors} beside its name. */
final class LineLegend {
  private static final int COLUMNS = 4; // of the longest names; more of short ones
  private static final int ROW_HEIGHT = 19;
  private static final Line2D PIECE = new Line2D.Double(0, 0, 26, 0);
  private static final double GAP = 6;

  private LineLegend() {}

  /** The largest height of a legend above a chart, in points. */
  static int height(int names) {
    return -Math.floorDiv(-names, COLUMNS) * ROW_HEIGHT + (int) GAP;
  }

  /** A legend above a chart of this width, at most as high as {@link #height}. */
  static LegendTitle above(List<String> names, FontMetrics font, double width) {
    LegendTitle legend = of(names, font, width / COLUMNS - PIECE.getX2() - 5 * GAP);
    legend.setPosition(RectangleEdge.TOP);
    legend.setHorizontalAlignment(HorizontalAlignment.LEFT);
    legend.setPadding(0, GAP, GAP, 0);
    return legend;
  }

  /** A legend to the right of a chart, whose names are at most {@code width} wide. */
  static LegendTitle beside(List<String> names, FontMetrics font, double width) {
    LegendTitle legend = of(names, font, width);
    legend.setPosition(RectangleEdge.RIGHT);
    legend.setVerticalAlignment(VerticalAlignment.TOP);
    return legend;
  }

  private static LegendTitle of(List<String> names, FontMetrics font, double width) {
    LegendItemCollection items = new LegendItemCollection();
    for (int i = 0; i < names.size(); i++) {
      String name = CurvePanel.fitting(names.get(i), font, width);
      LegendItem item =
          new LegendItem(name, null, null, null, PIECE, RunColors.stroke(i), RunColors.of(i));
      item.setLabelPaint(RunColors.of(i).darker());
      items.add(item);
    }
    LegendTitle legend = new LegendTitle(() -> items);
    legend.setItemFont(font.getFont());
    legend.setItemLabelPadding(new RectangleInsets(2, GAP, 2, GAP));
    return legend;
  }
}
