package org.sparklora.observe.report;

import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.geom.Rectangle2D;
import java.util.List;
import org.jfree.chart.axis.AxisState;
import org.jfree.chart.axis.NumberAxis;
import org.jfree.chart.axis.NumberTick;
import org.jfree.chart.ui.RectangleEdge;
import org.jfree.chart.ui.TextAnchor;

/**
 * An axis with given marks. JFreeChart's own axes choose marks by the available space, write {@code
 * 0E0} and widen a range of zeros to ±5E-9.
 */
final class TickedAxis extends NumberAxis {
  private static final long serialVersionUID = 1L;

  private final transient Ticks ticks; // figures are drawn at once and never stored

  TickedAxis(String name, Ticks ticks, Font font, Color ink) {
    super(name);
    this.ticks = ticks;
    setRange(ticks.low(), ticks.high());
    setLabelFont(font);
    setLabelPaint(ink);
    setTickLabelFont(font);
    setTickLabelPaint(ink);
    setAxisLineVisible(false);
    setTickMarksVisible(false);
  }

  @Override
  public List<NumberTick> refreshTicks(
      Graphics2D graphics, AxisState state, Rectangle2D area, RectangleEdge edge) {
    TextAnchor anchor =
        RectangleEdge.isLeftOrRight(edge) ? TextAnchor.CENTER_RIGHT : TextAnchor.TOP_CENTER;
    return ticks.marks().stream()
        .map(mark -> new NumberTick(mark.at(), mark.label(), anchor, TextAnchor.CENTER, 0))
        .toList();
  }
}
