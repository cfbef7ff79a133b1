package org.sparklora.reward.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.table.TableException;
import org.sparklora.reward.math.MathReward.Dialect;

class SelectJobTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static SparkSession spark;

  @TempDir private Path folder;
  private Path input;

  @BeforeAll
  static void start() {
    spark =
        SparkSession.builder()
            .master("local[2]")
            .config("spark.ui.enabled", false)
            .config("spark.sql.shuffle.partitions", 3)
            .config("spark.driver.bindAddress", "127.0.0.1")
            .getOrCreate();
  }

  @AfterAll
  static void stop() {
    spark.stop();
  }

  /**
   * Prompt 9: 3 of 4 correct, of which one was cut off and two are equal; 2: 1 of 2, the third not
   * judged; 5: none of 2; 7: not judged, three of whose four completions answer 8.
   */
  @BeforeEach
  void write() throws IOException {
    input = folder.resolve("judged.jsonl");
    Files.write(
        input,
        List.of(
            row(9, "It is \\boxed{4}, of course.", 5, "eos", "correct", 1.0, "4"),
            row(2, "\\boxed{6}", 3, "eos", "correct", 0.5, "6"),
            row(9, "\\boxed{4}", 9, "eos", "correct", 0.25, "4"),
            row(9, "\\boxed{4}", 1, "length", "correct", 1.0, "4"),
            row(2, "\\boxed{1}", 3, "eos", "wrong", 0.0, "6"),
            row(9, "\\boxed{5}", 3, "eos", "wrong", 0.0, "4"),
            row(2, "?", 3, "eos", "failed", null, "6"),
            row(5, "\\boxed{1}", 3, "eos", "wrong", 0.0, "2"),
            row(5, "\\boxed{1}", 3, "eos", "wrong", 0.0, "2"),
            row(7, "\\boxed{3}", 3, "eos", "unverifiable", null, null),
            row(7, "So \\boxed{8}", 3, "eos", "unverifiable", null, null),
            row(7, "\\boxed{8.0}", 2, "eos", "unverifiable", null, null),
            row(7, "Answer: \\boxed{8}", 3, "eos", "unverifiable", null, null)));
  }

  private static String row(
      int prompt,
      String completion,
      int tokens,
      String stop,
      String verdict,
      Double reward,
      String solution) {
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("prompt_id", prompt);
    row.put("prompt", List.of(Map.of("role", "user", "content", "question " + prompt)));
    row.put("completion", completion);
    row.put("completion_ids", Collections.nCopies(tokens, 1));
    row.put("stop_reason", stop);
    row.put("rewards/accuracy_reward", reward);
    row.put("verdict", verdict);
    row.put("reward", reward);
    row.put("solution", solution);
    row.put("level", prompt == 2 ? null : prompt);
    row.put("tags", List.of("a", "b" + prompt));
    row.put("conversations", "another format");
    return JSON.valueToTree(row).toString();
  }

  private static SelectConfig.Correct byVerdict() {
    return new SelectConfig.Correct(Double.NaN, false, Dialect.MATH_VERIFY);
  }

  private List<JsonNode> select(
      SelectConfig.Task task,
      double least,
      double most,
      SelectConfig.Keep keep,
      int completions,
      SelectConfig.Correct correct)
      throws IOException {
    Path output = folder.resolve("out");
    SelectJob.run(
        spark,
        new SelectConfig(
            new RewardConfig.Tables(
                input.toString(), output.toString(), RewardConfig.Format.JSONL, true, 0),
            task,
            new SelectConfig.PassRates(least, most),
            keep,
            completions,
            correct));
    List<JsonNode> rows = new ArrayList<>();
    try (Stream<Path> files = Files.list(output)) {
      for (Path file : files.filter(path -> path.toString().endsWith(".jsonl")).sorted().toList()) {
        for (String line : Files.readAllLines(file)) {
          rows.add(JSON.readTree(line));
        }
      }
    }
    return rows;
  }

  private static List<String> answers(List<JsonNode> rows) {
    return rows.stream().map(row -> row.at("/completion/0/content").asText()).toList();
  }

  @Test
  void completionsOfEachPromptInItsOrder() throws IOException {
    List<JsonNode> rows =
        select(SelectConfig.Task.SFT, 0, 1, SelectConfig.Keep.FIRST, 9, byVerdict());
    assertThat(answers(rows))
        .containsExactly("It is \\boxed{4}, of course.", "\\boxed{4}", "\\boxed{6}");
    JsonNode first = rows.get(0);
    assertThat(first.get("total_rollouts").asInt()).isEqualTo(4);
    assertThat(first.get("total_correct_rollouts").asInt()).isEqualTo(3);
    assertThat(first.get("passrate").asDouble()).isEqualTo(0.75);
    assertThat(first.at("/prompt/0/content").asText()).isEqualTo("question 9");
    assertThat(first.at("/completion/0/role").asText()).isEqualTo("assistant");
    assertThat(first.at("/tags/1").asText()).isEqualTo("b9");
    assertThat(first.fieldNames())
        .toIterable()
        .containsExactlyInAnyOrder(
            "prompt",
            "completion",
            "solution",
            "level",
            "tags",
            "total_rollouts",
            "total_correct_rollouts",
            "passrate");
    assertThat(rows.get(2).get("passrate").asDouble()).isEqualTo(0.5);
    assertThat(rows.get(2).get("level").isNull()).isTrue();
  }

  @Test
  void keepsTheBestOrTheShortest() throws IOException {
    assertThat(answers(select(SelectConfig.Task.SFT, 0, 1, SelectConfig.Keep.BEST, 1, byVerdict())))
        .containsExactly("It is \\boxed{4}, of course.", "\\boxed{6}");
    assertThat(
            answers(
                select(SelectConfig.Task.SFT, 0, 1, SelectConfig.Keep.SHORTEST, 1, byVerdict())))
        .containsExactly("It is \\boxed{4}, of course.", "\\boxed{6}");
    var byReward = new SelectConfig.Correct(0.5, false, Dialect.MATH_VERIFY);
    assertThat(answers(select(SelectConfig.Task.SFT, 0, 1, SelectConfig.Keep.FIRST, 9, byReward)))
        .containsExactly("It is \\boxed{4}, of course.", "\\boxed{6}");
  }

  @Test
  void promptsOfABandOfPassRates() throws IOException {
    List<JsonNode> rows =
        select(SelectConfig.Task.GRPO, 0, 0.5, SelectConfig.Keep.FIRST, 1, byVerdict());
    assertThat(rows).extracting(row -> row.get("passrate").asDouble()).containsExactly(0.5, 0.0);
    assertThat(rows).extracting(row -> row.get("solution").asText()).containsExactly("6", "2");
    assertThat(rows.get(0).has("completion")).isFalse();
    assertThat(JSON.readTree(folder.resolve("out/_select_summary.json").toFile()).get("outcomes"))
        .isEqualTo(
            JSON.readTree(
                "{\"kept\": 2, \"no completion was judged\": 1, \"pass rate above 0.5\": 1}"));
  }

  @Test
  void promptsWithoutASolutionAreVotedOn() throws IOException {
    var vote = new SelectConfig.Correct(Double.NaN, true, Dialect.MATH_VERIFY);
    List<JsonNode> rows =
        select(SelectConfig.Task.SFT, 0.6, 1, SelectConfig.Keep.SHORTEST, 1, vote);
    assertThat(answers(rows)).containsExactly("It is \\boxed{4}, of course.", "\\boxed{8.0}");
    assertThat(rows.get(1).get("solution").asText()).isEqualTo("8");
    assertThat(rows.get(1).get("passrate").asDouble()).isEqualTo(0.75);
  }

  @Test
  void parquetHasTheColumnsTypes() {
    Path output = folder.resolve("table");
    SelectJob.run(
        spark,
        new SelectConfig(
            new RewardConfig.Tables(
                input.toString(), output.toString(), RewardConfig.Format.PARQUET, false, 0),
            SelectConfig.Task.SFT,
            new SelectConfig.PassRates(0, 1),
            SelectConfig.Keep.FIRST,
            1,
            byVerdict()));
    assertThat(
            spark
                .read()
                .parquet(output.toString())
                .select("prompt", "completion", "solution", "level", "tags", "passrate")
                .toJSON()
                .collectAsList())
        .containsExactly(
            "{'prompt':[{'content':'question 9','role':'user'}],'completion':[{'content':'It is \\\\boxed{4}, of course.','role':'assistant'}],'solution':'4','level':9,'tags':['a','b9'],'passrate':0.75}"
                .replace('\'', '"'),
            "{'prompt':[{'content':'question 2','role':'user'}],'completion':[{'content':'\\\\boxed{6}','role':'assistant'}],'solution':'6','tags':['a','b2'],'passrate':0.5}"
                .replace('\'', '"'));
  }

  /** A text among the numbers would make a column of texts. */
  @Test
  void numbersThatAreNotFiniteStayNumbers() {
    Map<String, Object> rollout =
        Map.of(
            "prompt", "?",
            "columns", Map.of("score", "NaN", "scores", "[1.5,-Infinity]"),
            "json_columns", List.of("score", "scores"));
    RatedPrompt prompt = new RatedPrompt(List.of(rollout), 1, List.of(), Optional.empty());
    SelectConfig grpo =
        new SelectConfig(
            new RewardConfig.Tables("in", "out", RewardConfig.Format.PARQUET, false, 0),
            SelectConfig.Task.GRPO,
            new SelectConfig.PassRates(0, 1),
            SelectConfig.Keep.FIRST,
            1,
            byVerdict());
    assertThat(prompt.rows(grpo).get(0)).contains("\"score\":NaN", "\"scores\":[1.5,-Infinity]");
  }

  /** Templates print tools in the order of their keys, which Spark sorts in structs. */
  @Test
  void parquetHasToolsInTheirOrder() throws IOException {
    String tools = "[{\"type\":\"function\",\"function\":{\"name\":\"add\"}}]";
    Map<String, Object> rollout =
        Map.of(
            "prompt", "?",
            "completion", "!",
            "verdict", "correct",
            "columns", Map.of("tools", tools),
            "json_columns", List.of("tools"));
    for (RewardConfig.Format format : RewardConfig.Format.values()) {
      SelectConfig config =
          new SelectConfig(
              new RewardConfig.Tables("in", "out", format, false, 0),
              SelectConfig.Task.SFT,
              new SelectConfig.PassRates(0, 1),
              SelectConfig.Keep.FIRST,
              1,
              byVerdict());
      String row = RatedPrompt.of(List.of(rollout), byVerdict()).rows(config).get(0);
      JsonNode written = JSON.readTree(row).get("tools");
      boolean isText = format == RewardConfig.Format.PARQUET;
      assertThat(written.isTextual()).isEqualTo(isText);
      assertThat(isText ? written.asText() : written.toString()).isEqualTo(tools);
    }
  }

  @Test
  void aPromptThatBeginsWithJsonIsAText() throws IOException {
    String prompt = "[{\"name\": \"Ann\"}] How many names?";
    Map<String, Object> rollout =
        Map.of("prompt", prompt, "completion", "One.", "verdict", "correct");
    SelectConfig config =
        new SelectConfig(
            new RewardConfig.Tables("in", "out", RewardConfig.Format.JSONL, false, 0),
            SelectConfig.Task.SFT,
            new SelectConfig.PassRates(0, 1),
            SelectConfig.Keep.FIRST,
            1,
            byVerdict());
    JsonNode row = JSON.readTree(RatedPrompt.of(List.of(rollout), byVerdict()).rows(config).get(0));
    assertThat(row.get("prompt").asText()).isEqualTo(prompt);
    assertThat(row.get("completion").asText()).isEqualTo("One.");
  }

  @Test
  void aTableWithColumnsButNoRowsKeepsNothing() {
    Path empty = folder.resolve("empty");
    spark.read().json(input.toString()).where("prompt_id < 0").write().parquet(empty.toString());
    input = empty;
    assertThatThrownBy(
            () -> select(SelectConfig.Task.SFT, 0, 1, SelectConfig.Keep.FIRST, 1, byVerdict()))
        .isInstanceOf(TableException.class)
        .hasMessageContaining("Nothing of " + empty + " is kept: it has no rows");
  }

  @Test
  void theSizeOfGroupsIsAmongTheSettingsIfGiven() {
    for (int size : new int[] {0, 4}) {
      RewardConfig.Tables tables =
          new RewardConfig.Tables("in", "out", RewardConfig.Format.PARQUET, false, size);
      Map<String, Object> settings =
          new SelectConfig(
                  tables,
                  SelectConfig.Task.SFT,
                  new SelectConfig.PassRates(0, 1),
                  SelectConfig.Keep.FIRST,
                  1,
                  byVerdict())
              .settings();
      assertThat(settings.get("num_generations")).isEqualTo(size == 0 ? null : size);
    }
  }

  @Test
  void nothingKeptAndTablesNotJudgedAreRefused() throws IOException {
    assertThatThrownBy(
            () -> select(SelectConfig.Task.SFT, 0.9, 1, SelectConfig.Keep.FIRST, 1, byVerdict()))
        .isInstanceOf(TableException.class)
        .hasMessageContaining("is kept: pass rate below 0.9: 3, no completion was judged: 1;");
    assertThatThrownBy(() -> new SelectConfig.PassRates(0.6, 0.5))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("min_pass_rate = 0.6: it must be at most --max_pass_rate");
    Files.writeString(input, "{\"prompt_id\": 1, \"prompt\": \"?\", \"completion\": \"!\"}\n");
    assertThatThrownBy(
            () -> select(SelectConfig.Task.SFT, 0, 1, SelectConfig.Keep.FIRST, 1, byVerdict()))
        .isInstanceOf(TableException.class)
        .hasMessageContaining("it has no column verdict")
        .hasMessageContaining("judge completions with spark-lora reward first");
  }
}
