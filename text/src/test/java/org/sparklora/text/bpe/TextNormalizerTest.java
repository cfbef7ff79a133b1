package org.sparklora.text.bpe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.text.Normalizer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sparklora.text.json.JsonFields;

class TextNormalizerTest {

  /** The right-hand sides are what {@code tokenizers.normalizers} 0.23.3 gives. */
  @ParameterizedTest
  @CsvSource({
    "NFC, e\u0316\u0301, \u00E9\u0316",
    "NFC, e\u08D3\u0301, e\u08D3\u0301", // a mark of Unicode 11
    "NFC, \u1DD6\u034E\u0D3B\u02AC, \u034E\u1DD6\u0D3B\u02AC", // a virama of Unicode 10
    "NFC, \uD806\uDD35\uD806\uDD30, \uD806\uDD35\uD806\uDD30", // makes U+11938 since Unicode 13
    "NFD, \uD806\uDD38, \uD806\uDD38",
    "NFKC, \u32FE\u32FF, \u30F2\u32FF", // the era name of 2019
    "NFKC, \u3139\u3155, \uB824", // letters that merge when they have become conjoining
    "NFKD, \uFB01\uA7F2, fi\uA7F2"
  })
  void normalFormsAreThoseOfUnicode9(Normalizer.Form form, String text, String expected) {
    assertThat(new TextNormalizer.UnicodeForm(form).apply(text)).isEqualTo(expected);
  }

  @Test
  void anInsertionAtTheEndHasThePositionOfTheLastCharacter() throws IOException {
    String atEnd = "{'type':'Replace','pattern':{'Regex':'$'},'content':'!'}";
    assertLastPosition(atEnd, "ab", "ab!", 1, 2);
    String lowered = "{'type':'Sequence','normalizers':[{'type':'Lowercase'},%s]}".formatted(atEnd);
    assertLastPosition(lowered, "AB", "ab!", 1, 2);
    String emptied =
        "{'type':'Sequence','normalizers':[{'type':'Replace','pattern':{'String':'a'},'content':''},%s]}"
            .formatted(atEnd);
    assertLastPosition(emptied, "a", "!", 0, 0);
  }

  /** The positions are what a tokenizer of tokenizers 0.23.3 with NFC gives. */
  @Test
  void aLineBreakKeepsItsPositionBeforeMarksThatDecompose() {
    AlignedText normalised =
        new TextNormalizer.UnicodeForm(Normalizer.Form.NFC).apply(AlignedText.of("a\n\u0344"));
    assertThat(normalised.text()).isEqualTo("a\n\u0308\u0301");
    assertThat(normalised.start(1)).isEqualTo(1);
    assertThat(normalised.end(1)).isEqualTo(2);
    assertThat(normalised.start(2)).isEqualTo(2);
  }

  private static void assertLastPosition(
      String json, String text, String expected, int start, int end) throws IOException {
    AlignedText normalised = read(json).apply(AlignedText.of(text));
    int last = expected.length() - 1;
    assertThat(normalised.text()).isEqualTo(expected);
    assertThat(normalised.start(last)).isEqualTo(start);
    assertThat(normalised.end(last)).isEqualTo(end);
  }

  @Test
  void anExpressionThatExhaustsTheStackIsAnErrorOfTheText() throws IOException {
    TextNormalizer replacement =
        read("{'type':'Replace','pattern':{'Regex':'(x|y)+'},'content':'z'}");
    assertThat(replacement.apply("axyxa")).isEqualTo("aza");
    assertThatThrownBy(() -> replacement.apply("xy".repeat(1_000_000)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("2000000 characters for (x|y)+");
  }

  private static TextNormalizer read(String json) throws IOException {
    return TextNormalizer.read(
        JsonFields.of(
            Path.of("tokenizer.json"), new ObjectMapper().readTree(json.replace('\'', '"'))));
  }
}
