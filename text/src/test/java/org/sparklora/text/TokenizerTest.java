package org.sparklora.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklora.text.jinja.Rendering;

class TokenizerTest {
  /** Letters a to d, an unknown token, and two merges. */
  private static final String SMALL =
      """
      {"added_tokens": [{"id": 7, "content": "<|end|>", "special": true, "normalized": false}],
       "normalizer": NORMALIZER, "pre_tokenizer": PRE_TOKENIZER, "post_processor": null,
       "decoder": {"type": "ByteLevel"},
       "model": {"type": "BPE", MODEL
                 "vocab": {"a": 0, "b": 1, "c": 2, "d": 3, "ab": 4, "abc": 5, "?": 6},
                 "merges": ["a b", ["ab", "c"]]}}
      """;

  private static final String BYTE_LEVEL =
      "{\"type\": \"ByteLevel\", \"add_prefix_space\": false, \"use_regex\": true}";

  @TempDir Path folder;

  @Test
  void mergesInTheOrderOfTheList() throws IOException {
    Tokenizer tokenizer = small("null", BYTE_LEVEL, "");

    assertThat(tokenizer.encode("abcabd<|end|>c")).containsExactly(5, 4, 3, 7, 2);
    assertThat(tokenizer.decode(new int[] {5, 4, 3, 7, 2, 99, -1}, false))
        .isEqualTo("abcabd<|end|>c");
    assertThat(tokenizer.decode(new int[] {5, 4, 3, 7, 2}, true)).isEqualTo("abcabdc");
  }

  @Test
  void aByteThatTheVocabularyLacksVanishesAndItsNeighboursMerge() throws IOException {
    Tokenizer tokenizer = small("null", BYTE_LEVEL, "");

    assertThat(tokenizer.encode("axb")).containsExactly(4);
    assertThat(tokenizer.encode("xyz")).isEmpty();
  }

  @Test
  void anUnknownByteBecomesTheUnknownTokenAndRunsOfThemFuseIfAsked() throws IOException {
    assertThat(small("null", BYTE_LEVEL, "\"unk_token\": \"?\",").encode("axxb"))
        .containsExactly(0, 6, 6, 1);
    assertThat(
            small("null", BYTE_LEVEL, "\"unk_token\": \"?\", \"fuse_unk\": true,").encode("axxb"))
        .containsExactly(0, 6, 1);
  }

  @Test
  void offsetsPointIntoTheTextBeforeNormalisation() throws IOException {
    Tokenizer tokenizer = small("{\"type\": \"NFKC\"}", BYTE_LEVEL, "");

    Encoding encoding = tokenizer.encodeWithOffsets("a\uD835\uDC1Bc d", false); // a bold b

    assertThat(encoding.ids()).containsExactly(5, 3);
    assertThat(encoding.startOffsets()).containsExactly(0, 4);
    assertThat(encoding.endOffsets()).containsExactly(4, 6);
  }

  @Test
  void tokensOverlapASpanThatTheyTouchWithOneCharacter() {
    Encoding encoding =
        new Encoding(new int[] {1, 2, 3, 4}, new int[] {0, 2, 4, 6}, new int[] {2, 4, 6, 8});

    assertThat(encoding.overlaps(List.of(new Rendering.Span(3, 6))))
        .containsExactly(false, true, true, false);
    assertThat(encoding.overlaps(List.of(new Rendering.Span(0, 1), new Rendering.Span(7, 8))))
        .containsExactly(true, false, false, true);
    assertThat(encoding.overlaps(List.of())).containsOnly(false);
  }

  @Test
  void emptyTextHasNoTokens() {
    assertThat(GoldenTokenizers.tokenizer("qwen3").encode("")).isEmpty();
    assertThat(GoldenTokenizers.tokenizer("qwen3").decode(new int[0], false)).isEmpty();
  }

  @Test
  void aLoneSurrogateCountsAsTheReplacementCharacter() {
    Tokenizer tokenizer = GoldenTokenizers.tokenizer("qwen3");
    for (String lone : List.of("\uD800", "\uDC00", "a\uD83D", "\uDE00\uD83D b", "x\uD800\n")) {
      String replaced = lone.replaceAll("[\\uD800-\\uDFFF]", "\uFFFD");
      assertThat(tokenizer.encode(lone)).isEqualTo(tokenizer.encode(replaced));
      assertThat(tokenizer.encodeWithOffsets(lone, false).ids())
          .isEqualTo(tokenizer.encode(replaced));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"a", "qz", "中", " ", "!?", "\u0301", "1", "<|", "\uD800"})
  void aMegabyteWithoutABreakTakesNoQuadraticTime(String unit) {
    String text = unit.repeat(1_000_000 / unit.length());
    for (String name : List.of("qwen3", "smollm2")) {
      Tokenizer tokenizer = GoldenTokenizers.tokenizer(name);
      int[] ids = tokenizer.encode(text); // a quadratic merge would take hours
      assertThat(tokenizer.decode(ids, false)).isEqualTo(text.replace('\uD800', '\uFFFD'));
    }
  }

  @Test
  void moreThanTwoMillionCharactersWithoutABreakAreRefused() throws IOException {
    Tokenizer tokenizer = small("null", BYTE_LEVEL, "");
    assertThatThrownBy(() -> tokenizer.encode("b " + "a".repeat(30_000_000)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("30,000,002 characters")
        .hasMessageContaining("without a place to cut");
    assertThat(tokenizer.encode("ab")).as("the next text").containsExactly(4);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"vocab\": {\"a\": 0, \"b\": 0}, \"merges\": []|\"a\" and \"b\" have the same id 0",
        "\"vocab\": {\"a\": 0, \"a\": 1}, \"merges\": []|Duplicate field 'a'",
        "\"vocab\": {\"a\": 1000000000}, \"merges\": []|vocab \"a\"",
        "\"vocab\": {\"a\": 2147483647}, \"merges\": []|2147483647",
        "\"vocab\": {\"a\": \"0\"}, \"merges\": []|must be a whole number",
        "\"vocab\": {\"a\": 7}, \"merges\": []|the id 7, but so has \"a\"",
        "\"vocab\": {\"<|end|>\": 3}, \"merges\": []|the id 7, but also the id 3"
      })
  void idsMustBeOneForEachToken(String model, String message) throws IOException {
    String json =
        SMALL
            .replace("NORMALIZER", "null")
            .replace("PRE_TOKENIZER", BYTE_LEVEL)
            .replaceFirst("(?s)MODEL.*", java.util.regex.Matcher.quoteReplacement(model + "}}"));
    write("tokenizer.json", json);
    assertThatThrownBy(() -> Tokenizer.load(folder, TokenizerDialect.FILE))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message)
        .hasMessageContaining("tokenizer.json");
  }

  @Test
  void anyTextSurvivesTheRoundTrip() {
    Tokenizer tokenizer = GoldenTokenizers.tokenizer("tiny");
    Random random = new Random(1);
    for (int i = 0; i < 2000; i++) {
      String text = randomText(random);
      assertThat(tokenizer.decode(tokenizer.encode(text), false)).isEqualTo(text);
    }
  }

  @Test
  void manyThreadsGetTheSameTokens() {
    Tokenizer tokenizer = GoldenTokenizers.tokenizer("tiny");
    Random random = new Random(2);
    List<String> texts = IntStream.range(0, 500).mapToObj(i -> randomText(random)).toList();
    List<int[]> expected = texts.stream().map(tokenizer::encode).toList();

    List<int[]> parallel = texts.parallelStream().map(tokenizer::encode).toList();

    for (int i = 0; i < texts.size(); i++) {
      assertThat(parallel.get(i)).isEqualTo(expected.get(i));
    }
  }

  @Test
  void namesSpecialTokensAndTheirIds() throws IOException {
    write(
        "tokenizer_config.json",
        "{\"eos_token\": {\"content\": \"<|end|>\"}, \"bos_token\": null}");
    Tokenizer tokenizer = small("null", BYTE_LEVEL, "");

    assertThat(tokenizer.eosToken()).hasValue("<|end|>");
    assertThat(tokenizer.eosId()).hasValue(7);
    assertThat(tokenizer.specialTokens()).containsOnlyKeys("eos_token");
    assertThat(tokenizer.idOf("ab")).hasValue(4);
    assertThat(tokenizer.idOf("nothing")).isEmpty();
    assertThat(tokenizer.vocabularySize()).isEqualTo(8);
    assertThat(tokenizer.fingerprint()).matches("[0-9a-f]{64}");
  }

  @Test
  void aSpecialTokenThatTokenizerJsonLacksGetsTheNextId() throws IOException {
    write("tokenizer_config.json", "{\"pad_token\": \"<|pad|>\"}");
    Tokenizer tokenizer = small("null", BYTE_LEVEL, "");

    assertThat(tokenizer.padId()).hasValue(8);
    assertThat(tokenizer.encode("a<|pad|>b")).containsExactly(0, 8, 1);
  }

  /** The ids of AutoTokenizer: a model's own names come after the usual ones. */
  @Test
  void aTokenWithAModelsOwnNameIsSpecial() throws IOException {
    write(
        "tokenizer_config.json",
        "{\"image_token\": \"<x>\", \"add_bos_token\": true, \"pad_token\": \"<|pad|>\"}");
    Tokenizer tokenizer = small("null", BYTE_LEVEL, "");

    assertThat(tokenizer.encode("a<x>b<|pad|>")).containsExactly(0, 9, 1, 8);
    assertThat(tokenizer.specialTokens()).containsEntry("image_token", "<x>").hasSize(2);
  }

  @Test
  void theFingerprintCountsTokensThatOnlyOtherFilesName() throws IOException {
    String alone = small("null", BYTE_LEVEL, "").fingerprint();
    write("tokenizer_config.json", "{\"eos_token\": \"<|end|>\"}");
    assertThat(small("null", BYTE_LEVEL, "").fingerprint())
        .as("a special token of tokenizer.json")
        .isEqualTo(alone);

    write("tokenizer_config.json", "{\"extra_special_tokens\": [\"<x>\"]}");
    Tokenizer extra = small("null", BYTE_LEVEL, "");
    assertThat(extra.encode("a<x>")).containsExactly(0, 8);
    assertThat(extra.fingerprint()).matches("[0-9a-f]{64}").isNotEqualTo(alone);
    write("tokenizer_config.json", "{}");
    write("special_tokens_map.json", "{\"additional_special_tokens\": [\"<x>\"]}");
    assertThat(small("null", BYTE_LEVEL, "").fingerprint()).isEqualTo(extra.fingerprint());
    write("special_tokens_map.json", "{\"eos_token\": \"ab\"}");
    assertThat(small("null", BYTE_LEVEL, "").fingerprint())
        .as("a token of the vocabulary that is now found before merging")
        .isNotEqualTo(alone);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "{\"type\": \"Nmt\"}; null; ''; type Nmt of normalizer",
        "null; {\"type\": \"Whitespace\"}; ''; type Whitespace of pre_tokenizer",
        "null; {\"type\": \"Metaspace\"}; ''; split true of pre_tokenizer",
        "null; {\"type\": \"Metaspace\", \"split\": false, \"prepend_scheme\": \"last\"}; ''; prepend_scheme last",
        "null; {\"type\": \"Sequence\", \"pretokenizers\": [{\"type\": \"Metaspace\", \"split\": false}]}; ''; a Metaspace among other",
        "null; {\"type\": \"Sequence\", \"pretokenizers\": [{\"type\": \"ByteLevel\"}, {\"type\": \"Digits\"}]}; ''; not the last",
        "null; {\"type\": \"Split\", \"pattern\": {\"Regex\": \"a{1,3}+\"}, \"behavior\": \"Isolated\"}; ''; a{1,3}+",
        "null; {\"type\": \"Split\", \"pattern\": {\"Regex\": \"(a\"}, \"behavior\": \"Isolated\"}; ''; (a",
        "null; null; '\"dropout\": 0.1,'; dropout 0.1 of model",
        "null; null; '\"end_of_word_suffix\": \"</w>\",'; end_of_word_suffix",
        "null; null; '\"unk_token\": \"gone\",'; the token \"gone\"",
      })
  void whatIsNotSupportedIsNamedWithItsFile(
      String normalizer, String preTokenizer, String model, String named) {
    assertThatThrownBy(() -> small(normalizer, preTokenizer, model))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(named)
        .hasMessageContaining("tokenizer.json");
  }

  @Test
  void aDamagedOrMissingFileIsNamed() throws IOException {
    assertThatThrownBy(() -> Tokenizer.load(folder, TokenizerDialect.FILE))
        .hasMessageContaining("no tokenizer.json")
        .hasMessageContaining(folder.toString());
    write("tokenizer.json", "{\"model\": {\"type\": \"BPE\",");
    assertThatThrownBy(() -> Tokenizer.load(folder, TokenizerDialect.FILE))
        .hasMessageContaining("tokenizer.json")
        .hasMessageContaining("line 1");
    write("tokenizer.json", "{}");
    assertThatThrownBy(() -> Tokenizer.load(folder, TokenizerDialect.FILE))
        .hasMessageContaining("model");
  }

  private Tokenizer small(String normalizer, String preTokenizer, String model) throws IOException {
    write(
        "tokenizer.json",
        SMALL
            .replace("PRE_TOKENIZER", preTokenizer)
            .replace("NORMALIZER", normalizer)
            .replace("MODEL", model));
    return Tokenizer.load(folder, TokenizerDialect.FILE);
  }

  private void write(String name, String content) throws IOException {
    Files.writeString(folder.resolve(name), content);
  }

  private static String randomText(Random random) {
    StringBuilder text = new StringBuilder();
    for (int n = random.nextInt(60); n > 0; n--) {
      int codePoint = random.nextInt(random.nextBoolean() ? 0x80 : 0x20000);
      boolean surrogate = codePoint >= 0xD800 && codePoint < 0xE000;
      text.appendCodePoint(surrogate ? ' ' : codePoint);
    }
    return text.toString();
  }
}
