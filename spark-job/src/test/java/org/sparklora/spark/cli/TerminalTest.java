package org.sparklora.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What commands print: results on standard output, one line of what was written beside it. */
class TerminalTest extends TinyModelCommands {
  private static final int MISUSED = 2;

  private int run(String command, String... more) {
    return CommandRun.of(List.of(command, "--model_name_or_path", model.toString()), more);
  }

  private List<String> messages() {
    return err.text().lines().filter(line -> line.startsWith("spark-lora: ")).toList();
  }

  @ParameterizedTest
  @ValueSource(strings = {"--version", "version"})
  void tellsItsVersion(String word) {
    assertThat(Main.run(word)).isZero();
    assertThat(out.text()).matches("spark-lora \\d+\\.\\d+\\.\\d+ .*Spark 3\\.5.*Java \\d+.*\\s");
  }

  @Test
  void completesOnePromptOfTheCommandLine() {
    assertThat(run("generate", "--prompt", "one two", "--max_completion_length", "4")).isZero();
    assertThat(out.text().lines()).hasSize(1);

    String file = folder.resolve("out.jsonl").toString();
    assertThat(run("generate", "--prompt", "one two", "--output", file)).isZero();
    assertThat(Path.of(file)).content().contains("\"completion\"", "one two");
    assertThat(run("generate", "--prompt", "one", "--input", file)).isEqualTo(MISUSED);
    assertThat(messages()).singleElement().asString().contains("input = " + file);
  }

  @ParameterizedTest
  @ValueSource(strings = {"score", "tokenize", "generate"})
  void aFileThatWasWrittenIsNamedInOneLine(String command) throws IOException {
    Path in = Files.writeString(folder.resolve("in.jsonl"), "{\"text\":\"a\",\"prompt\":\"a\"}\n");
    String file = folder.resolve("out.jsonl").toString();

    assertThat(run(command, "--input", in.toString(), "--output", file)).as(err.text()).isZero();

    assertThat(err.text().lines().filter(line -> line.startsWith(file)))
        .singleElement()
        .asString()
        .matches(".*: 1 row, \\d+\\.\\d s");
    assertThat(out.text()).isEmpty();
  }

  @Test
  void preparingTellsItsSummaryOnce() throws IOException {
    Path data = Files.writeString(folder.resolve("rows.jsonl"), "{\"text\":\"one two\"}\n");
    String table = folder.resolve("table").toString();

    assertThat(run("prep", "--dataset_name", data + "", "--output_dir", table)).isZero();

    String summary = out.text().strip().substring((table + ": ").length());
    assertThat(out.text()).startsWith(table + ": ");
    assertThat(err.text()).doesNotContain(summary);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "bogus",
        "spark://x",
        "local[0]",
        "local[x]",
        "local[",
        "yarn-client",
        "localhost"
      })
  void aMasterThatIsNoneIsOneLineBeforeAnyWork(String master) throws IOException {
    Path data = Files.writeString(folder.resolve("rows.jsonl"), "{\"text\":\"one two\"}\n");
    Path table = folder.resolve("table");

    int code =
        run("prep", "--dataset_name", data + "", "--output_dir", table + "", "--master", master);

    assertThat(code).isEqualTo(MISUSED);
    assertThat(messages()).singleElement().asString().contains("Cannot use master = " + master);
    assertThat(table).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(strings = {"output_dir", "model_name_or_path", "dataset_name", "master", "lora_r"})
  void anEmptyValueIsRefused(String flag) {
    assertThat(run("sft", "--" + flag, "")).isEqualTo(MISUSED);
    assertThat(messages()).singleElement().asString().contains("Cannot use " + flag + " = ");
  }

  @Test
  void aFlagThatIsMissingIsCalledUnset() {
    assertThat(run("sft", "--dataset_name", "data.jsonl")).isEqualTo(MISUSED);
    assertThat(messages()).singleElement().asString().contains("output_dir = unset: sft needs it");
    assertThat(run("sft", "--output_dir")).isEqualTo(MISUSED);
    assertThat(messages().get(1)).contains("output_dir = unset: a value is expected");
  }
}
