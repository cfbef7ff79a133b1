package org.sparklora.observe.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

/** What a reader of a figure must be able to see, whatever was logged. */
class RunFigureTest {

  private static RunLog run(String name, int steps, String metric, IntFunction<Object> value) {
    List<Map<String, Object>> rows = new ArrayList<>();
    for (int step = 1; step <= steps; step++) {
      Map<String, Object> row = new LinkedHashMap<>();
      row.put("step", step);
      row.put(metric, value.apply(step));
      rows.add(row);
    }
    return new RunLog(name, rows, Map.of());
  }

  private static BufferedImage drawn(List<RunLog> runs) throws IOException {
    byte[] png = new RunFigure(RunFigure.logged(Metric.ALL, runs), runs).png("figure");
    return ImageIO.read(new ByteArrayInputStream(png));
  }

  private static String notes(List<RunLog> runs) {
    return new RunFigure(RunFigure.logged(Metric.ALL, runs), runs).notes();
  }

  private static long pixels(BufferedImage image, Color color) {
    int wanted = color.getRGB();
    return IntStream.range(0, image.getHeight())
        .mapToLong(
            y ->
                IntStream.range(0, image.getWidth())
                    .filter(x -> image.getRGB(x, y) == wanted)
                    .count())
        .sum();
  }

  @Test
  void everyOneOfIdenticalRunsIsSeen() throws IOException {
    for (int count : new int[] {2, 3, 6}) {
      for (int steps : new int[] {1, 2, 100}) {
        List<RunLog> runs =
            IntStream.range(0, count)
                .mapToObj(i -> run("run " + i, steps, "eval_loss", step -> 2.0 / step))
                .toList();

        BufferedImage image = drawn(runs);

        assertThat(notes(runs)).contains("Striped lines and ringed dots");
        for (int i = 0; i < count; i++) {
          assertThat(pixels(image, RunColors.of(i)))
              .as("run %d of %d, %d steps", i, count, steps)
              .isGreaterThan(10);
        }
      }
    }
  }

  @Test
  void runsThatPartAreNotStriped() {
    RunLog first = run("a", 50, "eval_loss", step -> 2.0 / step);
    RunLog other = run("b", 50, "eval_loss", step -> 3.0 / step);

    assertThat(notes(List.of(first, other))).isEmpty();
    // logged at other steps, the same curve all the same
    RunLog line = run("c", 50, "eval_loss", step -> 50.0 - step);
    RunLog sparse =
        new RunLog(
            "d", line.rows().stream().filter(r -> (int) r.get("step") % 5 == 0).toList(), Map.of());
    assertThat(notes(List.of(line, sparse))).contains("Striped");
  }

  @Test
  void thickLinesAreExplainedWhereThereAreSome() {
    RunLog noisy = run("a", 200, "loss", step -> 2.0 + step % 3);
    RunLog constant = run("b", 200, "loss", step -> 0.0);
    RunLog few = run("c", 3, "loss", step -> 2.0 + step % 3);

    assertThat(notes(List.of(noisy))).startsWith("Thick lines are means over the last 10 steps");
    assertThat(notes(List.of(constant))).isEmpty();
    assertThat(notes(List.of(few))).isEmpty();
  }

  @Test
  void aLineOfZerosIsSeenWhole() throws IOException {
    BufferedImage image = drawn(List.of(run("a", 60, "reward", step -> 0.0)));

    // as wide as the panel and two or three pixels high
    assertThat(pixels(image, RunColors.of(0))).isGreaterThan(2L * 1800);
  }

  @Test
  void whatIsMissingBreaksTheLineAndIsCounted() throws IOException {
    RunLog whole = run("a", 60, "eval_loss", step -> 2.0);
    RunLog broken = run("a", 60, "eval_loss", step -> step > 15 && step < 46 ? null : (Object) 2.0);
    RunLog written = run("a", 60, "eval_loss", step -> step == 30 ? "NaN" : (Object) 2.0);

    assertThat(Metric.EVAL_LOSS.of(broken).missing()).isEqualTo(30);
    assertThat(Metric.EVAL_LOSS.of(written).missing()).isEqualTo(1);
    assertThat(Metric.EVAL_LOSS.of(broken).last()).isEqualTo(2.0);
    assertThat(pixels(drawn(List.of(broken)), RunColors.of(0)))
        .isLessThan(2 * pixels(drawn(List.of(whole)), RunColors.of(0)) / 3);
  }

  @Test
  void ratesDecadesApartAreDrawnOnDecades() {
    List<RunLog> rates =
        List.of(
            run("low", 100, "learning_rate", step -> 1e-5 * (1 - step / 100.0)),
            run("high", 100, "learning_rate", step -> 1e-3 * (1 - step / 100.0)));

    assertThat(ValueScale.of(Metric.LEARNING_RATE, rates).isLogarithmic()).isTrue();
    assertThat(ValueScale.of(Metric.LEARNING_RATE, rates.subList(1, 2)).isLogarithmic()).isFalse();
    RunLog diverging = run("x", 100, "loss", step -> step < 50 ? 2.0 : Math.exp(step - 50));
    ValueScale scale = ValueScale.of(Metric.LOSS, List.of(diverging));
    assertThat(scale.isLogarithmic()).isTrue();
    assertThat(scale.ticks().low()).as("all of it is seen").isLessThan(Math.log10(1));
  }

  @Test
  void namesKeepTheEndsInWhichTheyDiffer() {
    FontMetrics font =
        new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB)
            .createGraphics()
            .getFontMetrics(new Font(Font.SANS_SERIF, Font.PLAIN, 11));
    String name = "qwen2.5-3b-openthoughts-lora-all-linear-rank-256-seed-";

    String first = CurvePanel.fitting(name + 42, font, 150);

    assertThat(first).contains("…").startsWith("qwen").endsWith("seed-42");
    assertThat(font.stringWidth(first)).isLessThanOrEqualTo(150);
    assertThat(first).isNotEqualTo(CurvePanel.fitting(name + 43, font, 150));
    assertThat(CurvePanel.fitting("short", font, 150)).isEqualTo("short");
  }

  @Test
  void twelveRunsHaveALegend() throws IOException {
    List<RunLog> runs =
        IntStream.range(0, 12)
            .mapToObj(i -> run("run " + i, 30, "eval_loss", step -> (i + 1.0) / step))
            .toList();
    List<RunLog> six = runs.subList(0, 6);

    assertThat(drawn(runs).getHeight()).isGreaterThan(drawn(six).getHeight());
  }
}
