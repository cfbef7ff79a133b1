package org.sparklora.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sparklora.reward.Judgement;
import org.sparklora.reward.Reward;
import org.sparklora.reward.RewardInput;

/** Real runs of {@code spark-lora reward}. */
class RewardCommandTest {
  private static final int FAILED = 1;
  private static final int MISUSED = 2;
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path folder;

  @RegisterExtension final Captured err = Captured.err();

  @BeforeEach
  void captureErr() throws IOException {
    Files.writeString(
        folder.resolve("generations.jsonl"),
        """
        {"completion": "<think>6*7</think> $\\\\boxed{42}$", "solution": "42", "row": 0}
        {"completion": "It is \\\\boxed{41}.", "solution": "42", "row": 1}
        {"completion": "no idea", "solution": "1/2", "row": 2}
        this line is no JSON
        """);
  }

  private int reward(String... more) {
    return CommandRun.of(
        CommandRun.words(
            """
            reward --input %s/generations.jsonl --output_dir %s/judged --output_format jsonl
            --num_generations 2 --master local[2]
            """,
            folder, folder),
        more);
  }

  private List<JsonNode> judged() throws IOException {
    List<JsonNode> rows = new ArrayList<>();
    try (Stream<Path> files = Files.list(folder.resolve("judged"))) {
      for (Path file : files.filter(f -> f.toString().endsWith(".jsonl")).sorted().toList()) {
        for (String line : Files.readAllLines(file)) {
          rows.add(JSON.readTree(line));
        }
      }
    }
    return rows;
  }

  @Test
  void judgesWeighsAndKeepsWhatItCannotRead() throws IOException {
    String flags =
        "--reward_funcs strip_reasoning_accuracy_reward think_format_reward --reward_weights 1 0.5 --scale_rewards none";
    int code = reward(flags.split(" "));

    assertThat(code).as(err.text()).isZero();
    List<JsonNode> rows = judged();
    assertThat(rows.stream().map(row -> row.path("row").asText()))
        .containsExactly("0", "1", "2", "null");
    assertThat(rows.get(0).get("reward").asDouble()).isEqualTo(1.5);
    assertThat(rows.get(1).get("reward").asDouble()).isZero();
    assertThat(rows.get(0).get("advantage").asDouble()).isEqualTo(0.75);
    assertThat(rows.get(2).get("reason").asText()).isEqualTo("no answer found");
    assertThat(rows.get(3).get("verdict").asText()).isEqualTo("unreadable");
    JsonNode summary = JSON.readTree(folder.resolve("judged/_reward_summary.json").toFile());
    assertThat(summary.get("verdicts").get("unreadable").asLong()).isEqualTo(1);
    assertThat(summary.get("unreadable_rows").get(0).asText()).startsWith("row 3, prompt_id 1");
  }

  @ParameterizedTest
  @CsvSource({
    "--reward_dialect, sounds, math_verify or sound",
    "--scale_rewards, batches, use group",
    "--reward_funcs, accuracy_rewards, accuracy_reward",
    "--reward_weights, 1 2, strip_reasoning_accuracy_reward",
    "--reward_weights, one, a number is expected",
    "--reward_budget_seconds, 0, it must be at least 0.001",
    "--input, /nowhere.jsonl, there is no such file or folder",
    "--reward_func, x, did you mean reward_funcs"
  })
  void badSettingsAreRefusedBeforeAnyWork(String flag, String values, String remedy) {
    assertThat(reward((flag + " " + values).split(" "))).isEqualTo(MISUSED);
    assertThat(err.text()).contains(remedy);
    assertThat(folder.resolve("judged")).doesNotExist();
  }

  /** As a class whose native library finds no room to be unpacked in. */
  public static final class Unloadable implements Reward {
    private static final Path LIBRARY = unpack();

    private static Path unpack() {
      throw new IllegalStateException("Cannot unpack libreward.so: No space left on device");
    }

    @Override
    public String name() {
      return LIBRARY.toString();
    }

    @Override
    public Judgement judge(RewardInput completion) {
      return Judgement.scored(0, name());
    }
  }

  @Test
  void aClassThatCannotBeLoadedIsReportedInOneLine() {
    assertThat(reward("--reward_funcs", Unloadable.class.getName())).isEqualTo(FAILED);
    assertThat(err.text())
        .contains("spark-lora: IllegalStateException: Cannot unpack libreward.so: No space left")
        .doesNotContain("\tat ");
  }
}
