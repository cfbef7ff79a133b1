package org.sparklora.observe.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.pipeline.table.TableException;

class RunReportTest {
  @TempDir private Path folder;

  private Path run(String name, String log, String settings) throws IOException {
    Path run = Files.createDirectories(folder.resolve(name));
    Files.writeString(run.resolve("metrics.jsonl"), log);
    if (!settings.isEmpty()) {
      Files.writeString(run.resolve("grpo_config.yaml"), settings);
    }
    return run;
  }

  private static RunLog read(Path run) {
    return RunLog.read(new Configuration(), run.toString());
  }

  private void write(String title, List<RunLog> runs) throws IOException {
    List<String> folders = runs.stream().map(run -> folder.resolve(run.name()).toString()).toList();
    RunReport.write(new Configuration(), folder.resolve("out"), title, folders, runs);
  }

  private RunLog lora() throws IOException {
    return read(
        run(
            "lora <1>",
            """
            {"step": 1, "reward": 0.25, "learning_rate": 0.001, "peak_memory_process": 1073741824}
            {"step": 2, "reward": null, "learning_rate": 0.0005, "peak_memory_process": 2147483648}
            {"step": 3, "reward": 0.75, "learning_rate": 0, "peak_memory_process": 2147483648}
            {"step": 3, "train_runtime": 1800.0, "train_loss": 0.1}
            """,
            "learning_rate: 0.001\nuse_peft: true\nseed: 42\noutput_dir: a\n"));
  }

  private RunLog full() throws IOException {
    return read(
        run(
            "full",
            """
            {"step": 1, "reward": 0.5, "step_time": 2.0}
            {"step": 2, "reward": 0.7, "step_time": 4.0}
            {"step": 3, "rew""",
            "learning_rate: 0.0001\nuse_peft: false\nseed: 42\noutput_dir: b\n"));
  }

  @Test
  void theTableTellsWhatCameOutAndWhatDiffers() throws IOException {
    RunSummary summary = new RunSummary(List.of(lora(), full()));

    assertThat(summary.outcome())
        .contains(
            new RunSummary.Line("optimizer steps", List.of("3", "2")),
            new RunSummary.Line("state", List.of("finished", "not finished")),
            new RunSummary.Line("reward, mean of the last 10 steps", List.of("0.5000", "0.6000")),
            new RunSummary.Line("learning rate, last", List.of("0.000", "–")),
            new RunSummary.Line("peak memory of the process (GiB)", List.of("2.000", "–")),
            new RunSummary.Line("hours", List.of("0.5000", "0.001667")));
    assertThat(summary.differences())
        .containsExactly(
            new RunSummary.Line("learning_rate", List.of("0.001", "1.0E-4")),
            new RunSummary.Line("use_peft", List.of("true", "false")));
  }

  /** Runtime and rate count from the resume; the rate has three decimals. */
  @Test
  void hoursOfAResumedRunAreThoseOfAllItsSteps() throws IOException {
    RunLog resumed =
        read(
            run(
                "resumed after step 30 of 40",
                """
                {"step": 40, "loss": 1.0}
                {"step": 40, "train_runtime": 500.0, "train_steps_per_second": 0.02}
                """,
                ""));
    RunLog timed =
        read(
            run(
                "resumed after step 1 of 2",
                """
                {"step": 1, "reward": 0.5, "step_time": 10.0}
                {"step": 2, "reward": 0.5, "step_time": 26.0}
                {"step": 2, "train_runtime": 27.0, "train_steps_per_second": 0.037}
                """,
                ""));
    RunLog slow =
        read(
            run(
                "not resumed",
                """
                {"step": 3, "loss": 1.0}
                {"step": 3, "train_runtime": 9000.0, "train_steps_per_second": 0.0}
                """,
                ""));

    assertThat(new RunSummary(List.of(resumed, timed, slow)).outcome())
        .contains(new RunSummary.Line("hours", List.of("0.5556", "0.01000", "2.500")));
  }

  /** A folder in the way stands for a disk that is full: the same call fails. */
  @Test
  void aFileThatCannotBeWrittenIsNamedWithTheRemedyAndLeavesNoPart() throws IOException {
    Path part = Files.createDirectories(folder.resolve("out/report.html.part"));
    assertThatThrownBy(() -> write("", List.of(lora())))
        .isInstanceOf(TableException.class)
        .hasMessageContaining("Cannot write " + folder.resolve("out/report.html"))
        .hasMessageContaining("make room or choose another --output_dir");
    assertThat(part).doesNotExist();
    assertThat(folder.resolve("out/report.html")).doesNotExist();
  }

  @Test
  void thePageNeedsNoOtherFileAndShowsTheFigureInBothColours() throws IOException {
    write("", List.of(lora(), full()));

    String html = Files.readString(folder.resolve("out/report.html"));
    assertThat(html)
        .contains("<title>lora &lt;1&gt;, full</title>")
        .contains("<th scope=\"row\">use_peft</th><td>true</td><td>false</td>")
        .doesNotContain("http:")
        .doesNotContain("https:")
        .doesNotContain("<1>");
    Matcher inline = Pattern.compile("data:image/png;base64,([^\"]+)\"").matcher(html);
    assertThat(inline.find()).isTrue();
    BufferedImage image =
        ImageIO.read(new ByteArrayInputStream(Base64.getDecoder().decode(inline.group(1))));
    BufferedImage alone = ImageIO.read(folder.resolve("out/report.png").toFile());
    assertThat(alone.getWidth()).isEqualTo(image.getWidth());
    assertThat(alone.getHeight()).as("has a title").isGreaterThan(image.getHeight());
    assertThat(pixels(image, RunColors.of(0))).isGreaterThan(100);
    assertThat(pixels(image, RunColors.of(1))).isGreaterThan(100);
    JsonNode numbers = new ObjectMapper().readTree(folder.resolve("out/report.json").toFile());
    assertThat(numbers.at("/runs/full/reward_mean_of_last_steps").asDouble()).isEqualTo(0.6);
    assertThat(numbers.at("/runs/lora <1>/peak_memory_process_max").asLong()).isEqualTo(1L << 31);
  }

  private static long pixels(BufferedImage image, Color color) {
    int wanted = color.getRGB();
    long count = 0;
    for (int y = 0; y < image.getHeight(); y++) {
      for (int x = 0; x < image.getWidth(); x++) {
        count += image.getRGB(x, y) == wanted ? 1 : 0;
      }
    }
    return count;
  }

  @Test
  void theLatestCheckpointOfAForeignRunIsRead() throws IOException {
    Path run = folder.resolve("trl");
    for (int step : new int[] {9, 10}) {
      Files.createDirectories(run.resolve("checkpoint-" + step));
      Files.writeString(
          run.resolve("checkpoint-%d/trainer_state.json".formatted(step)),
          "{\"log_history\": [{\"step\": %1$d, \"reward\": 0.%1$d, \"loss\": NaN}]}"
              .formatted(step)
              .replace("NaN", "null"));
    }

    RunLog log = read(run);

    assertThat(log.curve("reward").steps()).containsExactly(10);
    assertThat(log.curve("loss").isEmpty()).isTrue();
    assertThat(log.settings()).isEmpty();
  }

  @Test
  void aStateWithoutALogIsDamaged() throws IOException {
    Path state = run("trl", "", "").resolve("trainer_state.json");
    Files.writeString(state, "{}");

    assertThatThrownBy(() -> read(state.getParent()))
        .isInstanceOf(TableException.class)
        .hasMessageContaining("Cannot read log_history in")
        .hasMessageContaining("it is damaged");
  }

  @Test
  void bracketsInAFoldersNameAreNoPattern() throws IOException {
    Path run = run("[lora {1", "{\"step\": 1, \"reward\": 0.5}\n", "seed: 42\n");

    assertThat(read(run).settings()).containsEntry("seed", 42);
  }

  @Test
  void settingsOfAnUnfinishedRunAreThoseOfItsLatestCheckpoint() throws IOException {
    Path run = run("killed", "{\"step\": 1000, \"reward\": 0.5}\n", "");
    for (String step : List.of("900", "1000")) {
      Path checkpoint = Files.createDirectories(run.resolve("checkpoint-" + step));
      Files.writeString(checkpoint.resolve("grpo_config.yaml"), "seed: %s\n".formatted(step));
    }

    assertThat(read(run).settings()).containsEntry("seed", 1000);
  }

  @Test
  void foldersWithoutALogAreRefused() {
    assertThatThrownBy(() -> read(folder))
        .hasMessageContaining(folder.toString())
        .hasMessageContaining("holds no log");
    assertThatThrownBy(() -> read(folder.resolve("nowhere")))
        .hasMessageContaining("no such folder");
  }

  @Test
  void panelsOfManyRunsHaveTheirNamesApart() throws IOException {
    List<RunLog> runs =
        IntStream.range(0, 9)
            .mapToObj(
                i -> new RunLog("run-" + i, List.of(Map.of("step", 1, "reward", 0.5)), Map.of()))
            .toList();

    write("nine", runs);

    BufferedImage image = ImageIO.read(folder.resolve("out/report.png").toFile());
    for (int run = 0; run < 6; run++) {
      assertThat(pixels(image, RunColors.of(run).darker())).as("name of run " + run).isPositive();
    }
  }

  @Test
  void markupInACompletionIsText() throws IOException {
    RunLog run = full();
    LoggedRows.write(
        folder.resolve("full"), 2, List.of(LoggedRows.row("</script><script>alert(1)", 1)));

    write("", List.of(run));

    assertThat(folder.resolve("out/report.html"))
        .content()
        .contains("\\u003c/script>\\u003cscript>alert(1)")
        .doesNotContain("<script>alert");
  }

  @Test
  void aPageHoldsTheLatestOfManyCompletionsAndHowManyThereAre() throws IOException {
    RunLog run = full();
    LoggedRows.write(folder.resolve("full"), 1, 1_500);
    LoggedRows.write(folder.resolve("full"), 2, 1_500);

    write("", List.of(run));

    String html = Files.readString(folder.resolve("out/report.html"));
    String data = html.split("id=\"data\">")[1].split("</script>")[0];
    JsonNode page = new ObjectMapper().readTree(data);
    assertThat(page.at("/runs/0/completions").asInt()).isEqualTo(3_000);
    assertThat(page.at("/rows/0")).hasSize(2_000);
    assertThat(page.at("/rows/0/0/step").asInt()).isEqualTo(2);
    assertThat(page.at("/rows/0/1999/step").asInt()).isEqualTo(1);
  }

  @Test
  void secretsOfSettingsAreNotShown() throws IOException {
    String log = "{\"step\": 1, \"reward\": 0.5}\n";
    RunLog one = read(run("one", log, "seed: 1\nhub_token: hf_first\n"));
    RunLog other = read(run("other", log, "seed: 2\nhub_token: hf_second\n"));

    write("", List.of(one, other));

    assertThat(folder.resolve("out/report.html"))
        .content()
        .contains("<th scope=\"row\">seed</th><td>1</td><td>2</td>")
        .doesNotContain("hf_first")
        .doesNotContain("hub_token");
  }
}
