package org.sparklora.observe.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.awt.Color;
import java.awt.Rectangle;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.List;
import javax.imageio.ImageIO;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class LineFigureTest {
  private static final double[] X = {1, 10, 100};
  private static final double[] Y = {3, 2, 3};
  private static final Offset<Integer> ROUNDING = within(2);
  private static final int LEGEND = 1340; // names begin to the right of it

  /** The pixels of the ring, which has a colour of its own. */
  private static Rectangle ring(double x, double y) throws IOException {
    LineFigure.Line line = new LineFigure.Line("a", X, Y, Y, Y, new double[] {x, y});
    byte[] png = new LineFigure("", "", "x", "y", true, List.of(line)).png();
    BufferedImage image = ImageIO.read(new ByteArrayInputStream(png));
    int color = RunColors.of(0).darker().getRGB();
    Rectangle ring = null;
    for (int i = 0; i < LEGEND; i++) {
      for (int j = 0; j < image.getHeight(); j++) {
        if (new Color(image.getRGB(i, j)).getRGB() == color) {
          Rectangle pixel = new Rectangle(i, j, 1, 1);
          ring = ring == null ? pixel : ring.union(pixel);
        }
      }
    }
    assertThat(ring).isNotNull();
    return ring;
  }

  @Test
  void aRingIsWholeWhereItsLineIsNot() throws IOException {
    Rectangle inside = ring(10, 2.5);

    assertThat(ring(10, 1.2).height).isCloseTo(inside.height, ROUNDING); // below all points
    assertThat(ring(1, 3).width).isCloseTo(inside.width, ROUNDING); // at the left border
  }
}
