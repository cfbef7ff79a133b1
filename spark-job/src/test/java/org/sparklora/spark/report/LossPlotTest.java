package org.sparklora.spark.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LossPlotTest {
  @Test
  void meansAreOverStepsWhateverRowsThereAre() {
    LossPlot.Curve curve =
        LossPlot.Curve.of(
            "loss", new double[] {1, 5, 10, 20, 21}, new double[] {4, 2, Double.NaN, 6, 8});

    assertThat(curve.runningMean(10)).containsExactly(4, 3, 3, 6, 7);
    assertThat(curve.runningMean(1)).containsExactly(4, 2, Double.NaN, 6, 8);
  }

  @Test
  void drawsAPanelACurve(@TempDir Path folder) throws IOException {
    double[] steps = {1, 2, 3};
    Path file = folder.resolve("loss.png");
    LossPlot.write(file, "a", List.of(LossPlot.Curve.of("loss", steps, steps).smoothed()));
    int one = ImageIO.read(file.toFile()).getHeight();
    LossPlot.write(
        file,
        "b",
        List.of(
            LossPlot.Curve.of("loss", steps, steps).smoothed(),
            LossPlot.Curve.of("learning_rate", steps, steps)));

    assertThat(ImageIO.read(file.toFile()).getHeight()).isGreaterThan(one);
  }
}
