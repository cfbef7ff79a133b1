package org.sparklora.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What transformers 5.24 with tokenizers 0.23 gave for real tokenizers and awkward texts. */
class TokenizerGoldenTest {

  @ParameterizedTest
  @ValueSource(strings = {"qwen3", "smollm2", "tiny"})
  void encodesAndDecodesRawTextAsTransformersDoes(String name) throws IOException {
    assertRawTexts(GoldenTokenizers.tokenizer(name), name);
  }

  @ParameterizedTest
  @ValueSource(strings = {"qwen3", "smollm2", "tiny"})
  void encodesRenderedConversationsAsTransformersDoes(String name) throws IOException {
    assertConversations(GoldenTokenizers.tokenizer(name), name);
  }

  @ParameterizedTest
  @ValueSource(strings = {"qwen3", "smollm2"})
  void decodesAnySequenceOfIdsAsTransformersDoes(String name) throws IOException {
    assertDecoded(GoldenTokenizers.tokenizer(name), name);
  }

  /** Half of surrogate pairs, and pieces of every length, with and without the cache of pieces. */
  @ParameterizedTest
  @ValueSource(strings = {"qwen3", "smollm2", "tiny"})
  void encodesAnyTextAlikeWithAndWithoutOffsets(String name) {
    Tokenizer tokenizer = GoldenTokenizers.tokenizer(name);
    Random random = new Random(1);
    for (int text = 0; text < 2000; text++) {
      StringBuilder any = new StringBuilder();
      for (int run = random.nextInt(20); run >= 0; run--) {
        int first = random.nextInt(random.nextBoolean() ? 0x80 : 0x10000);
        random
            .ints(1 + random.nextInt(40), first, first + 30)
            .forEach(c -> any.append((char) c).append(c % 7 == 0 ? " " : ""));
      }
      String own = any.toString();
      String whole = own.replaceAll("\\p{Cs}", "\uFFFD");

      assertThat(tokenizer.encode(own))
          .isEqualTo(tokenizer.encode(whole))
          .isEqualTo(tokenizer.encodeWithOffsets(own, true).ids());
    }
  }

  @Test
  void llama31AgreesWithTransformersToo() throws IOException {
    boolean there = GoldenTokenizers.llama31().isPresent();
    if (!there) {
      System.out.println(
          "Skipped: Llama 3.1's licence keeps its tokenizer out of this repository; name a folder with tokenizers/llama3_1 in SPARK_LORA_FIXTURES to test it");
    }
    assumeTrue(there);
    Tokenizer tokenizer =
        Tokenizer.load(GoldenTokenizers.llama31().orElseThrow(), TokenizerDialect.FILE);
    assertRawTexts(tokenizer, "llama3_1");
    assertConversations(tokenizer, "llama3_1");
    assertDecoded(tokenizer, "llama3_1");
    assertThat(tokenizer.idOf(tokenizer.specialTokens().get("bos_token"))).hasValue(128000);
    assertThat(tokenizer.vocabularySize()).isEqualTo(128256);
  }

  private static void assertRawTexts(Tokenizer tokenizer, String name) throws IOException {
    for (JsonNode row : GoldenTokenizers.rows("raw_texts.jsonl.gz")) {
      String text = row.get("text").asText();
      int[] ids = tokenizer.encode(text);
      assertThat(ids).as("text %s", row.get("id")).isEqualTo(GoldenTokenizers.ids(row.get(name)));
      assertThat(tokenizer.encodeWithOffsets(text, true).ids()).isEqualTo(ids);
      String decoded = row.path(name + "_decoded").asText(text);
      String skipped = row.path(name + "_decoded_skip_special").asText(decoded);
      boolean framed = ids.length > tokenizer.encode(text, false).length;
      if (!framed) { // the golden file leaves out the begin token's text
        assertThat(tokenizer.decode(ids, false)).isEqualTo(decoded);
      }
      assertThat(tokenizer.decode(ids, true)).isEqualTo(skipped);
    }
  }

  private static void assertConversations(Tokenizer tokenizer, String name) throws IOException {
    for (JsonNode row : GoldenTokenizers.rows("conversations.jsonl.gz")) {
      JsonNode golden = row.get(name);
      if (golden != null) {
        String text = golden.get("text").asText();
        assertThat(tokenizer.encode(text, false))
            .as("conversation %s", row.get("id"))
            .isEqualTo(GoldenTokenizers.ids(golden.get("ids")));
      }
    }
  }

  private static void assertDecoded(Tokenizer tokenizer, String name) throws IOException {
    for (JsonNode row : GoldenTokenizers.rows("decode.jsonl.gz")) {
      JsonNode golden = row.get(name);
      int[] ids = GoldenTokenizers.ids(golden.get("ids"));
      assertThat(tokenizer.decode(ids, false)).isEqualTo(golden.get("text").asText());
      assertThat(tokenizer.decode(ids, true)).isEqualTo(golden.get("text_skip_special").asText());
    }
  }
}
