package org.sparklora.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Against {@code dialects.jsonl.gz}, which {@code dialects.py} beside it writes. */
class TokenizerDialectTest {
  private static List<JsonNode> rows = List.of();

  @TempDir Path folder;

  static Stream<String> cases() throws IOException {
    return rows().stream().skip(1).map(row -> row.get("name").asText());
  }

  @ParameterizedTest
  @MethodSource("cases")
  void eachDialectGivesTheIdsOfItsLibrary(String name) throws IOException {
    JsonNode texts = rows().get(0).get("texts");
    JsonNode row =
        rows().stream().filter(r -> r.path("name").asText().equals(name)).findFirst().orElseThrow();
    write(row);

    Tokenizer file = Tokenizer.load(folder, TokenizerDialect.FILE);
    Tokenizer auto = Tokenizer.load(folder, TokenizerDialect.TRANSFORMERS);

    boolean onlyInFile = true;
    for (int i = 0; i < texts.size(); i++) {
      String text = texts.get(i).asText();
      assertThat(auto.encode(text))
          .as("AutoTokenizer's: %s", text)
          .isEqualTo(GoldenTokenizers.ids(row.get("ids").get(i)));
      onlyInFile &= row.get("ids").get(i).equals(row.get("file_ids").get(i));
    }
    if (row.get("class").asText().equals("TokenizersBackend")) {
      assertThat(auto.fingerprint()).isEqualTo(file.fingerprint());
    } else if (!onlyInFile) {
      assertThat(auto.fingerprint()).isNotEqualTo(file.fingerprint());
    }
    for (String key : List.of("bos_token", "eos_token", "pad_token")) {
      assertThat(auto.specialTokens().get(key))
          .as(key)
          .isEqualTo(row.at("/names/" + key).textValue());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"smollm2", "smollm2 in qwen2", "llama3's cut", "qwen3 cut in threes"})
  void theFileIsFollowedUnlessAskedOtherwise(String name) throws IOException {
    JsonNode texts = rows().get(0).get("texts");
    JsonNode row =
        rows().stream().filter(r -> r.path("name").asText().equals(name)).findFirst().orElseThrow();
    write(row);
    Tokenizer file = Tokenizer.load(folder, TokenizerDialect.FILE);
    for (int i = 0; i < texts.size(); i++) {
      assertThat(file.encode(texts.get(i).asText()))
          .as("tokenizers': %s", texts.get(i).asText())
          .isEqualTo(GoldenTokenizers.ids(row.get("file_ids").get(i)));
    }
  }

  @Test
  void aClassThatIsNotKnownIsRefused() throws IOException {
    write(rows().get(1));
    Path config = folder.resolve("tokenizer_config.json");
    for (String wrong :
        List.of(
            "{\"tokenizer_class\": \"CodeLlamaTokenizer\"}",
            "{\"tokenizer_class\": 5}",
            "{\"auto_map\": {\"AutoTokenizer\": [\"code.Own\", null]}}",
            "{\"added_tokens_decoder\": {\"x\": {\"content\": \"a\"}}}",
            "{\"added_tokens_decoder\": {\"5\": \"a\"}}",
            "{\"add_prefix_space\": \"yes\", \"tokenizer_class\": \"GPT2Tokenizer\"}")) {
      Files.writeString(config, wrong);
      assertThatThrownBy(() -> Tokenizer.load(folder, TokenizerDialect.TRANSFORMERS))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("tokenizer_config.json");
      Tokenizer.load(folder, TokenizerDialect.FILE);
    }
  }

  private void write(JsonNode row) throws IOException {
    ObjectNode tokenizer = GoldenTokenizers.json(row.get("base").asText());
    row.get("replaced")
        .properties()
        .forEach(
            change -> {
              String[] path = change.getKey().split("\\.");
              ObjectNode at = tokenizer;
              for (int i = 0; i + 1 < path.length; i++) {
                at = (ObjectNode) at.get(path[i]);
              }
              at.set(path[path.length - 1], change.getValue());
            });
    GoldenTokenizers.JSON.writeValue(folder.resolve("tokenizer.json").toFile(), tokenizer);
    Files.writeString(folder.resolve("config.json"), row.get("config").toString());
    Files.writeString(
        folder.resolve("tokenizer_config.json"), row.get("tokenizer_config").toString());
  }

  private static synchronized List<JsonNode> rows() throws IOException {
    if (rows.isEmpty()) {
      rows = GoldenTokenizers.rows("dialects.jsonl.gz");
    }
    return rows;
  }
}
