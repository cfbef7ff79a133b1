package org.sparklora.text.bpe;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sparklora.text.json.JsonFields;

/** Pieces as tokenizers 0.23.3 cut them. */
class PreTokenizerTest {

  @ParameterizedTest
  @CsvSource({
    "Removed, false, a bb",
    "Removed, true, 1 2 3 4 5",
    "Isolated, false, 1 2 a 3 bb 4 5",
    "Isolated, true, 1 2 a 3 bb 4 5",
  })
  void splitDoesWithItsMatchesWhatItsBehaviourSays(String behavior, boolean invert, String pieces)
      throws IOException {
    String json =
        "{\"type\":\"Split\",\"pattern\":{\"Regex\":\"\\\\d\"},\"behavior\":\"%s\",\"invert\":%s}";

    assertThat(cut(json.formatted(behavior, invert), "12a3bb45"))
        .containsExactly(pieces.split(" "));
  }

  @Test
  void aStringPatternIsNoExpression() throws IOException {
    assertThat(
            cut(
                "{\"type\":\"Split\",\"pattern\":{\"String\":\".\"},\"behavior\":\"Isolated\"}",
                "a.b"))
        .containsExactly("a", ".", "b");
  }

  @Test
  void aMatchMayEndItsPiece() throws IOException {
    assertThat(
            cut(
                "{\"type\":\"Split\",\"pattern\":{\"String\":\" \"},\"behavior\":\"MergedWithPrevious\"}",
                " a  b"))
        .containsExactly(" ", "a ", " ", "b");
  }

  @Test
  void digitsStandAloneOrInRuns() throws IOException {
    assertThat(cut("{\"type\":\"Digits\",\"individual_digits\":true}", "a12½b3"))
        .containsExactly("a", "1", "2", "½", "b", "3");
    assertThat(cut("{\"type\":\"Digits\",\"individual_digits\":false}", "a12½b3"))
        .containsExactly("a", "12½", "b", "3");
  }

  @Test
  void aPrefixSpaceGoesBeforeEveryPieceThatHasNone() throws IOException {
    String json =
        """
        {"type": "Sequence", "pretokenizers": [
          {"type": "Split", "pattern": {"String": "-"}, "behavior": "Removed"},
          {"type": "ByteLevel", "add_prefix_space": true, "use_regex": true}]}
        """;

    assertThat(cut(json, "a-b c--\n")).containsExactly(" a", " b", " c", " \n");
  }

  @Test
  void whiteSpaceRunsLeaveTheirLastCharacterToTheWord() throws IOException {
    String json = "{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"use_regex\":true}";

    assertThat(cut(json, "it's   a \n\n b "))
        .containsExactly("it", "'s", "  ", " a", " \n\n", " b", " ");
  }

  @Test
  void lookAheadSeesNothingBehindTheEndOfItsPiece() throws IOException {
    String json =
        """
        {"type": "Sequence", "pretokenizers": [
          {"type": "Digits", "individual_digits": true},
          {"type": "ByteLevel", "add_prefix_space": false, "use_regex": true}]}
        """;

    // In one go the second space would belong to the digit.
    assertThat(cut(json, "a  1")).containsExactly("a", "  ", "1");
  }

  private static List<String> cut(String json, String text) throws IOException {
    PreTokenizer preTokenizer =
        PreTokenizer.read(
            new JsonFields(
                Path.of("test.json"), new ObjectMapper().readTree(json), "pre_tokenizer"));
    List<String> pieces = new ArrayList<>();
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    preTokenizer.cut(
        utf8,
        0,
        utf8.length,
        0,
        (t, start, end, shift) ->
            pieces.add(new String(t, start, end - start, StandardCharsets.UTF_8)));
    return pieces;
  }
}
