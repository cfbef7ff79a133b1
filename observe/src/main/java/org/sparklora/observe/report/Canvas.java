package org.sparklora.observe.report;

import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import javax.imageio.ImageIO;

/** A white picture to draw on, which becomes a PNG. */
final class Canvas {
  static final int HEAD_HEIGHT = 62;
  static final int MARGIN = 14;

  /** Pixels per point, for screens of double resolution. */
  private static final int SCALE = 2;

  private static final Color INK = new Color(0x222222);
  private static final Color PALE_INK = new Color(0x666666);

  private final BufferedImage image;
  private final Graphics2D graphics;
  private final int width;

  /** A picture of this size, in points. */
  Canvas(int width, int height) {
    this.width = width;
    image = new BufferedImage(SCALE * width, SCALE * height, BufferedImage.TYPE_INT_RGB);
    graphics = image.createGraphics();
    graphics.scale(SCALE, SCALE);
    graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    graphics.setRenderingHint(
        RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    graphics.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
    graphics.setColor(Color.WHITE);
    graphics.fillRect(0, 0, width, height);
  }

  Graphics2D graphics() {
    return graphics;
  }

  /** Draws a title, and below it notes on how to read the picture. */
  void drawHead(String title, String notes) {
    graphics.setColor(INK);
    graphics.setFont(new Font(Font.SANS_SERIF, Font.BOLD, 18));
    graphics.drawString(
        CurvePanel.fitting(title, graphics.getFontMetrics(), width - 4 * MARGIN), 2 * MARGIN, 30);
    graphics.setColor(PALE_INK);
    graphics.setFont(new Font(Font.SANS_SERIF, Font.PLAIN, 11));
    graphics.drawString(notes, 2 * MARGIN, 48);
  }

  /** Ends drawing. Returns the bytes of a PNG. */
  byte[] png() {
    graphics.dispose();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      ImageIO.write(image, "png", bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }
}
