package org.sparklora.model.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.text.Tokenizer;
import org.sparklora.text.TokenizerDialect;
import org.sparklora.text.json.JsonFields;

class EndTokensTest {
  @TempDir private Path folder;

  /** A tokenizer of two words; the second may be its end token. */
  private Tokenizer tokenizer(String tokenizerConfig) throws IOException {
    Files.writeString(
        folder.resolve("tokenizer.json"),
        """
        {"added_tokens": [], "normalizer": null, "pre_tokenizer": null, "post_processor": null,
         "decoder": {"type": "ByteLevel"},
         "model": {"type": "BPE", "vocab": {"a": 0, "b": 1}, "merges": []}}
        """);
    Files.writeString(folder.resolve("tokenizer_config.json"), tokenizerConfig);
    return Tokenizer.load(folder, TokenizerDialect.FILE);
  }

  private void generationConfig(String content) throws IOException {
    Files.writeString(folder.resolve("generation_config.json"), content);
  }

  @Test
  void areTheTokenizersAndThoseOfTheGenerationConfig() throws IOException {
    Tokenizer tokenizer = tokenizer("{\"eos_token\": \"b\"}");
    assertThat(EndTokens.of(folder, tokenizer)).containsOnly(1);
    generationConfig("{\"eos_token_id\": 7}");
    assertThat(EndTokens.of(folder, tokenizer)).containsOnly(1, 7);
    generationConfig("{\"eos_token_id\": [7, 9, 1]}");
    assertThat(EndTokens.of(folder, tokenizer)).containsOnly(1, 7, 9);
    generationConfig("{\"eos_token_id\": null}");
    assertThat(EndTokens.of(folder, tokenizer)).containsOnly(1);
  }

  @Test
  void areThoseOfTheConfigWhereThereIsNoGenerationConfig() throws IOException {
    Tokenizer tokenizer = tokenizer("{\"eos_token\": \"b\"}");
    Files.writeString(folder.resolve("config.json"), "{\"eos_token_id\": [7, 9]}");
    assertThat(EndTokens.of(folder, tokenizer)).containsOnly(1, 7, 9);
    generationConfig("{\"eos_token_id\": 8}");
    assertThat(EndTokens.of(folder, tokenizer)).containsOnly(1, 8);
    generationConfig("{}");
    assertThat(EndTokens.of(folder, tokenizer)).containsOnly(1);
  }

  /** Olmo3Config has 50279, whatever its vocab_size. */
  @Test
  void idsOutsideTheVocabularyAreLeftOut() throws IOException {
    Path config =
        Files.writeString(
            folder.resolve("config.json"), "{\"vocab_size\": 9, \"eos_token_id\": 50279}");
    assertThat(EndTokens.of(folder, tokenizer("{\"eos_token\": \"b\"}"))).containsOnly(1);
    generationConfig("{\"eos_token_id\": [-1, 8, 9]}");
    assertThat(EndTokens.of(folder, tokenizer("{}"))).containsOnly(8);
    Files.delete(folder.resolve("generation_config.json"));
    Tokenizer withoutEnd = tokenizer("{}");
    assertThatThrownBy(() -> EndTokens.of(folder, withoutEnd))
        .as("%s names no token of the model", config)
        .hasMessageContaining("within the vocabulary");
  }

  @Test
  void theEndTokenOfARunIsAddedToThoseOfTheModel() throws IOException {
    Path config = Files.writeString(folder.resolve("config.json"), "{\"eos_token_id\": [7, 9]}");
    EndTokens.put(folder, 1);
    assertThat(ids(config)).containsExactly(1);
    assertThat(ids(folder.resolve("generation_config.json"))).containsExactly(1, 7, 9);
    EndTokens.put(folder, 9);
    assertThat(ids(config)).containsExactly(9);
    assertThat(ids(folder.resolve("generation_config.json"))).containsExactly(9, 1, 7);
    generationConfig("{\"top_k\": 20}");
    EndTokens.put(folder, 9);
    assertThat(ids(folder.resolve("generation_config.json"))).containsExactly(9);
    assertThat(folder.resolve("generation_config.json")).content().contains("\"top_k\": 20");
  }

  private static List<Integer> ids(Path file) throws IOException {
    return JsonFields.read(file).wholes("eos_token_id", 0, 9);
  }

  @Test
  void refusesACheckpointWithoutOne() throws IOException {
    Tokenizer tokenizer = tokenizer("{}");
    assertThatThrownBy(() -> EndTokens.of(folder, tokenizer))
        .hasMessageContaining(folder.toString())
        .hasMessageContaining("--ignore_eos");
  }
}
