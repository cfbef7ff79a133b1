package org.sparklora.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.sparklora.model.engine.EngineChoice;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.pipeline.table.Generation;
import org.sparklora.pipeline.table.GenerationTable;
import org.sparklora.text.Tokenizer;
import org.sparklora.text.TokenizerDialect;

/** {@code spark-lora generate} as a user meets it. */
class GenerateTest extends TinyModelCommands {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Path GOLDEN = Path.of("../model/src/test/resources/golden");
  private static final int FAILED = 1;
  private static final int MISUSED = 2;

  private static String[] with(List<String> flags, String... more) {
    return Stream.concat(flags.stream(), Stream.of(more)).toArray(String[]::new);
  }

  private int run(String rows, String... more) throws IOException {
    Path input = Files.writeString(folder.resolve("prompts.jsonl"), rows);
    String generate = "generate --model_name_or_path %s --input %s --output %s";
    return CommandRun.of(CommandRun.words(generate, model, input, output()), more);
  }

  /** From lines to a table, and from that table to lines again. */
  @Test
  void tablesHoldWhatLinesHoldAndMore() throws IOException {
    String rows =
        """
        {"prompt": "two and two", "solution": "4", "level": 3}
        {"prompt": "one", "solution": null, "prompt_id": 7}
        """;
    assertThat(run(rows, "--max_completion_length", "6")).as(message()).isZero();
    List<JsonNode> lines = completions();
    Path table = folder.resolve("table");
    assertThat(run(rows, "--max_completion_length", "6", "--output", table.toString()))
        .as(message())
        .isZero();

    List<Generation> generations =
        GenerationTable.read(new Configuration(), table.toUri().toString());
    assertThat(generations).hasSize(2);
    for (int row = 0; row < 2; row++) {
      Generation generation = generations.get(row);
      JsonNode line = lines.get(row);
      assertThat(generation.prompt().id()).isEqualTo(line.get("prompt_id").asLong());
      assertThat(generation.text()).isEqualTo(line.get("completion").asText());
      assertThat(JSON.<JsonNode>valueToTree(generation.tokens()))
          .isEqualTo(line.get("completion_ids"));
      assertThat(JSON.<JsonNode>valueToTree(generation.logProbs()).toString())
          .isEqualTo(line.get("logprobs").toString());
      assertThat(generation.stopReason()).isEqualTo(line.get("stop_reason").asText());
    }
    assertThat(generations.get(0).prompt().solution()).contains("4");
    assertThat(generations.get(0).prompt().columns()).containsEntry("level", "3");
    assertThat(generations.get(1).prompt().solution()).isEmpty();

    String again = "--max_completion_length 6 --overwrite_output_dir --input " + table;
    assertThat(run(rows, again.split(" "))).as(message()).isZero();
    assertThat(generated(completions())).isEqualTo(generated(lines));
    assertThat(completions().get(0).get("level").asText()).isEqualTo("3");
    assertThat(run(rows, "--input", table.toString(), "--output", table.toString())).isNotZero();
    assertThat(message()).contains("it holds files already (");
  }

  private int greedyToken(String rows, String... more) throws IOException {
    List<String> flags =
        new ArrayList<>(List.of("--temperature", "0", "--max_completion_length", "1"));
    flags.addAll(List.of(more));
    return run(rows, flags.toArray(String[]::new));
  }

  @Test
  void productsAreRoundedWhereTheyAreAskedToBe() throws IOException {
    String rows = "{\"prompt\": \"two and two are four and four are eight\"}\n";
    assertThat(greedyToken(rows)).as(message()).isZero();
    double exact = completions().get(0).get("logprobs").get(0).asDouble();
    assertThat(greedyToken(rows, "--bf16", "--overwrite_output_dir")).as(message()).isZero();
    double rounded = completions().get(0).get("logprobs").get(0).asDouble();
    Path table = folder.resolve("rounded");
    assertThat(greedyToken(rows, "--bf16", "--output", table.toString())).as(message()).isZero();

    boolean rounds =
        Engines.of(EngineChoice.USUAL).withProductsIn(DType.BFLOAT16).packsWeights(DType.FLOAT32);
    assertThat(rounded != exact).isEqualTo(rounds);
    assertThat(rounded).isCloseTo(exact, within(0.05));
    assertThat(
            GenerationTable.read(new Configuration(), table.toUri().toString())
                .get(0)
                .logProbs()[0])
        .isEqualTo((float) rounded);
  }

  @Test
  void aMergedModelComputesWhatItsAdapterDidOnABaseInFourBits() throws IOException {
    String rows = "{\"prompt\": \"two and two are four and four are eight\"}\n";
    String adapter = GOLDEN.resolve("adapters/llama-tiny").toString();
    String merged = folder.resolve("merged").toString();
    String merge = "merge --model_name_or_path %s --adapter %s --output_dir %s --load_in_4bit";
    assertThat(CommandRun.line(merge, model, adapter, merged)).as(message()).isZero();
    assertThat(greedyToken(rows, "--adapter", adapter)).as(message()).isZero();
    double exact = completions().get(0).get("logprobs").get(0).asDouble();
    String[] more = {"--overwrite_output_dir", "--adapter", adapter, "--load_in_4bit"};
    assertThat(greedyToken(rows, more)).as(message()).isZero();
    double inFourBits = completions().get(0).get("logprobs").get(0).asDouble();
    String[] plain = {"--overwrite_output_dir", "--model_name_or_path", merged};
    assertThat(greedyToken(rows, plain)).as(message()).isZero();

    assertThat(inFourBits).isNotCloseTo(exact, within(1e-3));
    assertThat(completions().get(0).get("logprobs").get(0).asDouble())
        .isCloseTo(inFourBits, within(1e-4));
  }

  /** However its folder is spelled, and also if the output would hold it. */
  @Test
  void aMergedModelReplacesNeitherBaseNorAdapter() throws IOException {
    String adapter = GOLDEN.resolve("adapters/llama-tiny").toString();
    for (String out : List.of(model.toUri().toString(), model.getParent().toString())) {
      String merge =
          "merge --model_name_or_path %s --adapter %s --output_dir %s --overwrite_output_dir";
      assertThat(CommandRun.line(merge, model, adapter, out)).isEqualTo(MISUSED);
      assertThat(message()).contains("it is or holds ").contains("/llama-tiny, which is read");
      assertThat(model.resolve("config.json")).exists();
    }
  }

  @Test
  void aTableDoesNotReplaceItsPrompts() throws IOException {
    String rows = "{\"prompt\": \"a\"}\n";
    Path prompts = Files.createDirectory(folder.resolve("prompts"));
    Files.writeString(prompts.resolve("_files.json"), "{}");
    Path file = Files.writeString(prompts.resolve("part-00000.jsonl"), rows);
    String[] flags = {
      "--input", file.toString(), "--output", prompts.toString(), "--overwrite_output_dir"
    };

    assertThat(run(rows, flags)).isEqualTo(MISUSED);
    assertThat(message()).contains("it is or holds " + file + ", which is read");
    assertThat(file).exists();
  }

  private Path output() {
    return folder.resolve("completions.jsonl");
  }

  private List<JsonNode> completions() throws IOException {
    List<JsonNode> rows = new ArrayList<>();
    for (String line : Files.readAllLines(output())) {
      rows.add(JSON.readTree(line));
    }
    return rows;
  }

  /** The rows without what they have of their prompts' rows. */
  private static List<JsonNode> generated(List<JsonNode> rows) {
    return rows.stream()
        .<JsonNode>map(
            row ->
                ((ObjectNode) row)
                    .deepCopy()
                    .retain("prompt_id", "completion", "completion_ids", "logprobs", "stop_reason"))
        .toList();
  }

  private String message() {
    return err.text();
  }

  @Test
  void greedyTokensWithAnAdapterAreThoseOfPeft() throws IOException {
    JsonNode golden = JSON.readTree(GOLDEN.resolve("golden/llama-tiny.json").toFile());
    StringBuilder rows = new StringBuilder();
    for (JsonNode prompt : golden.get("gen_prompts")) {
      rows.append("{\"input_ids\": ").append(prompt).append("}\n");
    }
    String adapter = GOLDEN.resolve("adapters/llama-tiny").toString();
    int length = golden.get("gen_lora").get(0).size();

    String flags = "--temperature 0 --ignore_eos --adapter %s --max_completion_length %s";
    assertThat(run(rows.toString(), flags.formatted(adapter, length).split(" ")))
        .as(message())
        .isZero();

    Tokenizer tokenizer = Tokenizer.load(model, TokenizerDialect.FILE);
    List<JsonNode> completions = completions();
    assertThat(completions).hasSize(golden.get("gen_lora").size());
    for (int p = 0; p < completions.size(); p++) {
      JsonNode row = completions.get(p);
      assertThat(row.get("prompt_id").asInt()).isEqualTo(p);
      assertThat(row.get("completion_ids")).isEqualTo(golden.get("gen_lora").get(p));
      assertThat(row.get("logprobs")).hasSize(length);
      assertThat(row.get("stop_reason").asText()).isEqualTo("length");
      int[] ids = JSON.convertValue(row.get("completion_ids"), int[].class);
      assertThat(row.get("completion").asText()).isEqualTo(tokenizer.decode(ids, true));
    }
  }

  @Test
  void textsAndConversationsAreSampledAgainWithTheSameSeed() throws IOException {
    String rows =
        """
        {"prompt": "Compute 3 + 4", "prompt_id": 12}
        {"prompt": [{"role": "user", "content": "Compute 3 + 4"}], "prompt_id": 7}
        """;
    List<String> usual =
        List.of("--num_generations", "3", "--max_completion_length", "6", "--overwrite_output_dir");
    String[] flags = with(usual, "--seed", "5");
    assertThat(run(rows, flags)).as(message()).isZero();
    List<JsonNode> first = completions();
    assertThat(run(rows, flags)).isZero();

    assertThat(completions()).isEqualTo(first);
    assertThat(first)
        .extracting(row -> row.get("prompt_id").asInt())
        .containsExactly(12, 12, 12, 7, 7, 7);
    assertThat(first).extracting(row -> row.get("completion_ids")).doesNotHaveDuplicates();
    assertThat(run(rows, with(usual, "--seed", "6"))).isZero();
    assertThat(completions()).isNotEqualTo(first);
  }

  /** A conversation beside the prompt may hold its answer. */
  @Test
  void aPromptGoesBeforeTheConversationBesideIt() throws IOException {
    String rows = "{\"prompt\": \"a b\"%s}";
    assertThat(run(rows.formatted(""), "--max_completion_length", "4")).as(message()).isZero();
    JsonNode alone = completions().get(0).get("completion_ids");
    String messages = ", \"messages\": [{\"role\": \"user\", \"content\": \"c\"}]";

    assertThat(
            run(rows.formatted(messages), "--max_completion_length", "4", "--overwrite_output_dir"))
        .as(message())
        .isZero();

    assertThat(completions().get(0).get("completion_ids")).isEqualTo(alone);
  }

  /** What a reward compares with is in the rows that it reads. */
  @Test
  void rowsKeepTheColumnsOfTheirPromptsAndCanBeJudged() throws IOException {
    String rows =
        """
        {"prompt": "1 + 1 =", "solution": "2", "level": 3, "meta": {"from": ["a", "b"]}}
        {"input_ids": [3, 4], "solution": "5", "stop_reason": "old"}
        """;
    assertThat(run(rows, "--num_generations", "2", "--max_completion_length", "4"))
        .as(message())
        .isZero();

    List<JsonNode> lines = completions();
    assertThat(lines).hasSize(4);
    assertThat(lines.get(1).get("level").asInt()).isEqualTo(3);
    assertThat(lines.get(1).get("meta").toString()).isEqualTo("{\"from\":[\"a\",\"b\"]}");
    assertThat(lines.get(1).get("prompt").asText()).isEqualTo("1 + 1 =");
    assertThat(lines.get(1).has("input_ids")).isFalse();
    assertThat(lines.get(2).get("input_ids")).hasSize(2);
    assertThat(lines.get(2).get("stop_reason").asText()).isEqualTo("length");
    Path judged = folder.resolve("judged");
    String reward = "reward --input %s --output_dir %s --reward_funcs accuracy_reward";
    assertThat(CommandRun.line(reward, output(), judged)).as(message()).isZero();
    assertThat(judged.resolve("_reward_summary.json")).content().contains("\"rows\" : 4");
  }

  @Test
  void badPromptsNameTheirLine() throws IOException {
    assertThat(run("{\"prompt\": \"a\"}\n{\"question\": \"b\"}\n")).isEqualTo(FAILED);
    assertThat(message()).contains("line 2").contains("neither prompt nor input_ids");
    assertThat(run("{\"prompt\": \"a\", \"prompt_id\": 1}\n{\"prompt\": \"b\", \"prompt_id\": 1}"))
        .isEqualTo(FAILED);
    assertThat(message()).contains("prompt_id 1 is that of line 1");
    assertThat(run("{\"prompt\": \"a\", \"prompt_id\": 1.5}")).isEqualTo(FAILED);
    assertThat(message()).contains("prompt_id is 1.5 where a whole number belongs");
    assertThat(run("{\"input_ids\": [3, 700]}")).isEqualTo(FAILED);
    assertThat(message()).contains("token id 700");
    assertThat(run("{\"prompt\": \"a\"}", "--temperature", "-1")).isEqualTo(MISUSED);
    assertThat(message()).contains("temperature = -1.0");
    assertThat(run("\n")).isEqualTo(MISUSED);
    assertThat(message()).contains("input = ").contains("it holds no prompts");
    assertThat(output()).doesNotExist();
  }

  /** Weights that are numbers, and too large to compute with. */
  @Test
  void aModelThatYieldsNoNumbersIsRefused() throws IOException {
    DamagedModel.overflow(model);

    for (String mode : List.of("--top_k 5", "--top_p 0.9", "--min_p 0.1", "--temperature 0", "")) {
      String[] flags = ("--max_completion_length 2 " + mode).split(" ");
      assertThat(run("{\"prompt\": \"a\"}", flags)).as(mode).isEqualTo(FAILED);
      assertThat(message()).contains("prompt 0").contains("NaN");
      assertThat(output()).doesNotExist();
    }
  }

  @Test
  void aPromptBeyondTheContextIsRefusedAndOneWithoutRoomIsMentioned() throws IOException {
    Files.writeString(
        model.resolve("config.json"),
        Files.readString(model.resolve("config.json"))
            .replaceFirst("\"max_position_embeddings\": \\d+", "\"max_position_embeddings\": 8"));

    assertThat(run("{\"input_ids\": [1, 2, 3, 4, 5, 6, 7, 8]}")).isEqualTo(FAILED);
    assertThat(message())
        .contains("prompt 0")
        .contains("it has 8 tokens")
        .contains("made for 8")
        .contains("max_position_embeddings")
        .contains("shorten the prompt");
    assertThat(output()).doesNotExist();
    Path table = folder.resolve("table");
    assertThat(run("{\"input_ids\": [1, 2, 3, 4, 5, 6, 7, 8]}", "--output", table.toString()))
        .isEqualTo(FAILED);
    assertThat(run("{\"input_ids\": [1, 2]}", "--max_completion_length", "12")).isZero();
  }
}
