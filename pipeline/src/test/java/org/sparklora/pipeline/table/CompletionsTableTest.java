package org.sparklora.pipeline.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.hadoop.ParquetReader;
import org.apache.parquet.hadoop.example.GroupReadSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CompletionsTableTest {
  @TempDir Path folder;

  private static ScoredGeneration row(Map<String, String> columns, double reward) {
    Map<String, Double> rewards = new LinkedHashMap<>();
    rewards.put("accuracy_reward", reward);
    rewards.put("think_format_reward", 0.1);
    return new ScoredGeneration(
        new Generation(
            new Prompt(3, "<u>1+1?<a>", new int[] {5}, Optional.of("2"), columns),
            0,
            "It is 2.",
            new int[] {7},
            new float[] {-1},
            Generation.EOS),
        rewards,
        new ScoredGeneration.Judged(Verdict.CORRECT, "equal", "2", "2", 0.01),
        reward + 0.1,
        0.7,
        false);
  }

  private List<Group> written(ScoredGeneration... rows) throws IOException {
    Path file = folder.resolve(CompletionsTable.fileName(12));
    CompletionsTable.write(
        new Configuration(), new org.apache.hadoop.fs.Path(file.toUri()), 12, List.of(rows));
    List<Group> read = new ArrayList<>();
    try (ParquetReader<Group> reader =
        ParquetReader.builder(new GroupReadSupport(), new org.apache.hadoop.fs.Path(file.toUri()))
            .build()) {
      for (Group group = reader.read(); group != null; group = reader.read()) {
        read.add(group);
      }
    }
    return read;
  }

  @Test
  void conversationsAreListsOfMessagesAsInTrl() throws IOException {
    Map<String, String> columns = Map.of("prompt", "[{\"role\": \"user\", \"content\": \"1+1?\"}]");

    Group group = written(row(columns, 1), row(columns, Double.NaN)).get(1);

    assertThat(folder.resolve("completions_00012.parquet")).isRegularFile();
    assertThat(group.getType().getFields().stream().map(field -> field.getName()))
        .containsExactly(
            "step", "prompt", "completion", "accuracy_reward", "think_format_reward", "advantage");
    assertThat(group.getLong("step", 0)).isEqualTo(12);
    Group asked = group.getGroup("prompt", 0).getGroup("list", 0).getGroup("element", 0);
    assertThat(asked.getString("role", 0)).isEqualTo("user");
    assertThat(asked.getString("content", 0)).isEqualTo("1+1?");
    Group said = group.getGroup("completion", 0).getGroup("list", 0).getGroup("element", 0);
    assertThat(said.getString("role", 0)).isEqualTo("assistant");
    assertThat(said.getString("content", 0)).isEqualTo("It is 2.");
    assertThat(group.getFieldRepetitionCount("accuracy_reward")).as("not judged").isZero();
    assertThat(group.getDouble("think_format_reward", 0)).isEqualTo((double) 0.1f);
    assertThat(group.getDouble("advantage", 0)).isEqualTo((double) 0.7f);
  }

  @Test
  void plainPromptsAreTexts() throws IOException {
    Group group = written(row(Map.of("prompt", "[0, 1) is open?"), 1), row(Map.of(), 0)).get(0);

    assertThat(group.getString("prompt", 0)).isEqualTo("<u>1+1?<a>");
    assertThat(group.getString("completion", 0)).isEqualTo("It is 2.");
    assertThat(group.getDouble("accuracy_reward", 0)).isEqualTo(1);
  }

  @Test
  void textsThatBeginLikeJsonStayWhole() throws IOException {
    for (String text : List.of("[3, 1, 2] sorted is", "[{\"a\": 1}] has the key", "[1, 2]")) {
      Group group = written(row(Map.of("prompt", text), 1)).get(0);

      assertThat(group.getString("prompt", 0)).isEqualTo("<u>1+1?<a>");
      assertThat(Prompt.conversation(text)).isEmpty();
      Files.delete(folder.resolve(CompletionsTable.fileName(12)));
    }
    assertThat(Prompt.conversation("[{\"role\": \"user\", \"content\": \"?\"}]")).isPresent();
  }

  private List<LoggedCompletion> read(boolean texts) {
    var file = new org.apache.hadoop.fs.Path(folder.resolve(CompletionsTable.fileName(12)).toUri());
    return CompletionsTable.read(new Configuration(), file, texts);
  }

  @Test
  void conversationsAreReadBack() throws IOException {
    Map<String, String> columns = Map.of("prompt", "[{\"role\": \"user\", \"content\": \"1+1?\"}]");
    written(row(columns, 1), row(columns, Double.NaN));

    LoggedCompletion read = read(true).get(1);

    assertThat(read.step()).isEqualTo(12);
    assertThat(read.prompt()).containsExactly(new LoggedCompletion.Turn("user", "1+1?"));
    assertThat(read.completion())
        .containsExactly(new LoggedCompletion.Turn("assistant", "It is 2."));
    assertThat(read.rewards().keySet()).containsExactly("accuracy_reward", "think_format_reward");
    assertThat(read.rewards().get("accuracy_reward")).isNaN();
    assertThat(read.advantage()).isEqualTo((double) 0.7f);
  }

  @Test
  void numbersAreReadWithoutTexts() throws IOException {
    written(row(Map.of(), 1), row(Map.of(), 0));

    assertThat(read(true).get(1).prompt())
        .containsExactly(new LoggedCompletion.Turn("", "<u>1+1?<a>"));
    LoggedCompletion read = read(false).get(1);
    assertThat(read.step()).isEqualTo(12);
    assertThat(read.rewards()).containsEntry("accuracy_reward", 0.0);
    assertThat(read.prompt()).isEmpty();
    assertThat(read.completion()).isEmpty();
  }

  @Test
  void aFileThatIsNoTableIsTold() throws IOException {
    Path file = Files.writeString(folder.resolve("completions_00001.parquet"), "no");

    assertThatThrownBy(
            () ->
                CompletionsTable.read(
                    new Configuration(), new org.apache.hadoop.fs.Path(file.toUri()), false))
        .isInstanceOf(TableException.class)
        .hasMessageContaining("completions_00001.parquet");
  }
}
