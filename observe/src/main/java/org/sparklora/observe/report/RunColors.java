package org.sparklora.observe.report;

import java.awt.BasicStroke;
import java.awt.Color;

/**
 * Colours and strokes of runs: the colours of Okabe and Ito (2008), which people with any kind of
 * colour vision can tell apart, and then the same colours with dashes.
 */
final class RunColors {
  private static final Color[] COLORS = {
    new Color(0x0072B2), // blue
    new Color(0xD55E00), // vermillion
    new Color(0x009E73), // bluish green
    new Color(0xCC79A7), // reddish purple
    new Color(0xE69F00), // orange
    new Color(0x56B4E9), // sky blue
  };
  private static final float WIDTH = 1.8f;
  private static final float STRIPE = 9;
  private static final float FAINT_WIDTH = 0.8f;
  private static final int FAINT_ALPHA = 70;

  private RunColors() {}

  static Color of(int run) {
    return COLORS[run % COLORS.length];
  }

  /** The colour of the values behind a running mean. */
  static Color faint(int run) {
    Color color = of(run);
    return new Color(color.getRed(), color.getGreen(), color.getBlue(), FAINT_ALPHA);
  }

  static BasicStroke stroke(int run) {
    int round = run / COLORS.length;
    return round == 0
        ? new BasicStroke(WIDTH, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND)
        : new BasicStroke(
            WIDTH,
            BasicStroke.CAP_BUTT,
            BasicStroke.JOIN_ROUND,
            1,
            new float[] {6f / round, 3f},
            0);
  }

  /**
   * The stroke of one of several lines in the same place: its dashes fill gaps of the others.
   *
   * @param turn number of the line among these, from 0
   * @param lines number of lines in this place
   */
  static BasicStroke striped(int turn, int lines) {
    float[] dashes = {STRIPE, STRIPE * (lines - 1)};
    float phase = STRIPE * (lines - turn);
    return new BasicStroke(WIDTH, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND, 1, dashes, phase);
  }

  static BasicStroke faintStroke() {
    return new BasicStroke(FAINT_WIDTH);
  }

  /** The index of a run's colour, for style sheets. */
  static int number(int run) {
    return run % COLORS.length;
  }
}
