package org.sparklora.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code --output} does to what is there already, in every command that writes a file. */
class OutputOptionTest extends TinyModelCommands {
  private static final int FAILED = 1;
  private static final int MISUSED = 2;
  private static final Path FULL = Path.of("/dev/full");

  private Map<String, String> commands; // their flags

  @BeforeEach
  void prepare() throws IOException {
    String named = "--model_name_or_path " + model;
    Path rows =
        Files.writeString(folder.resolve("rows.jsonl"), "{\"text\": \"a b\", \"prompt\": \"a\"}\n");
    String reading = named + " --input " + rows;
    commands =
        Map.of(
            "score", reading,
            "tokenize", reading,
            "generate", reading + " --max_completion_length 2",
            "check", named);
  }

  private int run(String command, Path output, String... more) {
    String line = "%s %s --output %s".formatted(command, commands.get(command), output);
    return CommandRun.of(CommandRun.words(line), more);
  }

  @ParameterizedTest
  @ValueSource(strings = {"score", "tokenize", "generate", "check"})
  void aFileThatIsThereIsRefusedUnlessItMayBeOverwritten(String command) throws IOException {
    Path file = Files.writeString(folder.resolve("there.jsonl"), "what was there");
    assertThat(run(command, file)).isEqualTo(MISUSED);
    assertThat(err.text()).contains("output = " + file).contains("--overwrite_output_dir");
    assertThat(file).hasContent("what was there");

    assertThat(run(command, file, "--overwrite_output_dir")).as(err.text()).isZero();
    assertThat(file).content().startsWith("{");
  }

  @ParameterizedTest
  @ValueSource(strings = {"score", "tokenize", "generate", "check"})
  void aFullDeviceIsWrittenToAndStaysADevice(String command) {
    assumeTrue(Files.exists(FULL), "there is no /dev/full here");
    assertThat(run(command, FULL)).isEqualTo(FAILED);
    assertThat(err.text()).contains("Cannot write /dev/full");
    assertThat(Files.isRegularFile(FULL)).isFalse();
    assertThat(run(command, Path.of("/dev/null"))).isZero();
    assertThat(Files.isRegularFile(Path.of("/dev/null"))).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"score", "tokenize", "generate", "check"})
  void aSymlinkIsFollowed(String command) throws IOException {
    Path real = folder.resolve("elsewhere.jsonl");
    Path link = Files.createSymbolicLink(folder.resolve("link.jsonl"), real.getFileName());
    assertThat(run(command, link)).as(err.text()).isZero(); // where it leads, nothing is yet
    assertThat(Files.isSymbolicLink(link)).isTrue();
    assertThat(real).content().startsWith("{");

    assertThat(run(command, link)).isEqualTo(MISUSED);
    Files.writeString(real, "old");
    assertThat(run(command, link, "--overwrite_output_dir")).isZero();
    assertThat(Files.isSymbolicLink(link)).isTrue();
    assertThat(real).content().startsWith("{");
  }

  @Test
  void whatFailsLeavesWhatWasThereAndNothingElse() throws IOException {
    Path file = Files.writeString(folder.resolve("there.jsonl"), "what was there");
    Files.writeString(folder.resolve("rows.jsonl"), "{\"text\": \"a\"}\n{\"other\": 1}\n");
    List<Path> before = files();
    assertThat(run("tokenize", file, "--overwrite_output_dir")).isEqualTo(FAILED);
    assertThat(file).hasContent("what was there");
    assertThat(files()).isEqualTo(before);
  }

  @Test
  void anotherFileSystemIsNotTakenForAFolderHere() throws IOException {
    List<Path> before = files();
    assertThat(run("score", Path.of("unused"), "--output", "hdfs://host/scores.jsonl"))
        .isEqualTo(MISUSED);
    assertThat(err.text()).contains("this machine's disk");
    assertThat(files()).isEqualTo(before);
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().toList();
    }
  }
}
