package org.sparklora.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code tokenize} and {@code score} on texts and models that are not as they should be. */
class TextCommandsTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Path BASE = Path.of("../conf/quickstart/base");

  @TempDir Path folder;
  private Path model;

  @BeforeEach
  void copyTheBase() throws IOException {
    model = folder.resolve("model");
    SftRun.copy(BASE, model);
  }

  @Test
  void aLoneSurrogateIsToldByRowOrByTemplate() throws IOException {
    assertThat(failure("{\"text\": \"a \\ud83d b\"}")).contains("line 1 of", "surrogate");
    Files.writeString(model.resolve("tokenizer_config.json"), "{\"chat_template\": \"a\\ud800\"}");
    assertThat(failure("{\"messages\": [{\"role\": \"user\", \"content\": \"x\"}]}"))
        .contains("line 1 of", "chat_template of", "surrogate");
  }

  @Test
  void aPairOfSurrogatesIsNotTakenApart() throws IOException {
    assertThat(run("tokenize", "{\"text\": \"\\ud83d\\ude42\"}").get("text").asText())
        .isEqualTo("\ud83d\ude42");
    assertThat(Files.readString(folder.resolve("out.jsonl"))).contains("\ud83d\ude42");
  }

  @Test
  void aHugeRenderingIsToldByRowFileAndKey() throws IOException {
    Files.writeString(
        model.resolve("tokenizer_config.json"), "{\"chat_template\": \"{{ 'a' * 30000000 }}\"}");
    assertThat(failure("{\"messages\": [{\"role\": \"user\", \"content\": \"x\"}]}"))
        .contains("line 1 of", "chat_template of", "tokenizer_config.json", "30,000,000");
    Files.writeString(
        model.resolve("tokenizer_config.json"), "{\"chat_template\": \"{{ 'a' * 15000000 }}\"}");
    assertThat(failure("{\"messages\": [{\"role\": \"user\", \"content\": \"x\"}]}"))
        .contains("line 1 of", "15,000,000");
  }

  @Test
  void garbageBehindARowIsNotOverlooked() throws IOException {
    assertThat(failure("{\"text\": \"a\"} {\"text\": \"b\"}")).contains("line 1 of");
  }

  @Test
  void deepNestingIsToldInOneLine() throws IOException {
    Files.writeString(model.resolve("tokenizer.json"), "[".repeat(100_000));
    assertThat(failure("{\"text\": \"a\"}")).contains("tokenizer.json", "nesting");
  }

  @Test
  void theDialectDecidesHowTheTokenizerIsRead() throws IOException {
    Path config = model.resolve("tokenizer_config.json");
    Files.writeString(
        config, Files.readString(config).replace("PreTrainedTokenizerFast", "GPT2Tokenizer"));
    String text = "{\"text\": \"She has  12 apples\"}";
    JsonNode file = run("tokenize", text);
    assertThat(run("tokenize", text, "--tokenizer_dialect", "file")).isEqualTo(file);
    JsonNode auto = run("tokenize", text, "--tokenizer_dialect", "transformers");
    assertThat(auto.get("input_ids")).isNotEqualTo(file.get("input_ids"));
    assertThat(run("score", text, "--tokenizer_dialect", "transformers").get("input_ids"))
        .isEqualTo(auto.get("input_ids"));
    String message = failure(text, "--tokenizer_dialect", "auto");
    assertThat(message).contains("tokenizer_dialect = auto", "file or transformers");
  }

  private JsonNode run(String command, String row, String... flags) throws IOException {
    assertThat(Main.run(arguments(command, row, flags))).isZero();
    return JSON.readTree(Files.readString(folder.resolve("out.jsonl")));
  }

  private String failure(String row, String... flags) throws IOException {
    String said = CommandRun.errorOf(arguments("tokenize", row, flags));
    assertThat(said.lines().count()).as(said).isEqualTo(1);
    return said;
  }

  private String[] arguments(String command, String row, String... flags) throws IOException {
    Path input = Files.writeString(folder.resolve("in.jsonl"), row + "\n");
    Path output = folder.resolve("out.jsonl");
    Files.deleteIfExists(output);
    List<String> words =
        new ArrayList<>(
            CommandRun.words(
                "%s --model_name_or_path %s --input %s --output %s",
                command, model, input, output));
    words.addAll(List.of(flags));
    return words.toArray(String[]::new);
  }
}
