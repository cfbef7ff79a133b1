package org.sparklora.text.bpe;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.sparklora.text.json.JsonFields;

/**
 * A {@code pre_tokenizer} of tokenizer.json: cuts text into pieces that no token crosses.
 * Thread-safe.
 */
interface PreTokenizer {

  /** Receives the pieces of a text from left to right. */
  @FunctionalInterface
  interface Sink {

    /**
     * Takes {@code text[start, end)}, which is not empty.
     *
     * @param text UTF-8
     * @param shift added to a position in {@code text}, gives the position in the pre-tokenizers'
     *     input; a prefixed space lies before the input's start
     */
    void accept(byte[] text, int start, int end, int shift);
  }

  /** Leaves a text in one piece. */
  PreTokenizer UNCUT = (text, start, end, shift, sink) -> sink.accept(text, start, end, shift);

  /** The patterns that a {@link PieceScanner} cuts without a regex engine. */
  Map<String, PieceScanner> SCANNERS =
      Map.of(
          Cl100kScanner.LLAMA3_PATTERN, new Cl100kScanner(3),
          Cl100kScanner.QWEN_PATTERN, new Cl100kScanner(1),
          Gpt2Scanner.PATTERN, new Gpt2Scanner());

  /**
   * Cuts {@code text[start, end)}, valid UTF-8, as if it were the whole text, and passes each piece
   * to {@code sink}.
   */
  void cut(byte[] text, int start, int end, int shift, Sink sink);

  /** Reads a pre-tokenizer; absent or null means that the text is one piece. */
  static PreTokenizer read(JsonFields json) {
    return switch (Components.type(json)) {
      case "null" -> UNCUT;
      case "Sequence" -> sequence(json);
      case "Split" -> split(json);
      case "Digits" -> new Digits(json.flag("individual_digits", false));
      case "ByteLevel" -> byteLevel(json);
      case "Metaspace" -> UNCUT; // Metaspace has rewritten the text
      default -> throw Components.unsupportedType(json);
    };
  }

  /**
   * Whether {@code json} is or contains a ByteLevel: pieces are spelled in {@link ByteAlphabet}.
   */
  static boolean isByteLevel(JsonFields json) {
    return switch (Components.type(json)) {
      case "ByteLevel" -> true;
      case "Sequence" ->
          json.children("pretokenizers").stream().anyMatch(PreTokenizer::isByteLevel);
      default -> false;
    };
  }

  private static PreTokenizer sequence(JsonFields json) {
    List<JsonFields> children = json.children("pretokenizers");
    for (JsonFields child : children) {
      if (isByteLevel(child) && child != children.get(children.size() - 1)) {
        // In tokenizers the next one gets ByteAlphabet's characters; here it would get the text.
        throw Components.unsupported(child, "a ByteLevel that is not the last pre-tokenizer");
      }
      if (child.required("type").equals("Metaspace")) {
        throw Components.unsupported(child, "a Metaspace among other pre-tokenizers");
      }
    }
    return children.stream().map(PreTokenizer::read).reduce(PreTokenizer::then).orElse(UNCUT);
  }

  /** Cuts this pre-tokenizer's pieces further by {@code next}. */
  private PreTokenizer then(PreTokenizer next) {
    return (text, start, end, shift, sink) ->
        cut(text, start, end, shift, (t, s, e, moved) -> next.cut(t, s, e, moved, sink));
  }

  private static PreTokenizer split(JsonFields json) {
    JsonFields pattern = json.child("pattern");
    String literal = pattern.text("String").orElse("");
    String behavior = json.required("behavior");
    boolean inverted = json.flag("invert", false);
    if (behavior.equals("MergedWithPrevious") && !literal.isEmpty() && !inverted) {
      return new SplitAfter(literal.getBytes(StandardCharsets.UTF_8));
    }
    boolean removes =
        switch (behavior) {
          case "Removed" -> true;
          case "Isolated" -> false;
          default -> throw Components.unsupported(json, "behavior " + behavior);
        };
    String regex = pattern.has("Regex") ? pattern.required("Regex") : "";
    // A scanner's pattern matches every character, so Isolated yields the same, inverted or not.
    return !removes && SCANNERS.containsKey(regex)
        ? SCANNERS.get(regex)
        : new Split(TextNormalizer.pattern(pattern), removes, inverted);
  }

  /** Inserts a missing leading space if {@code add_prefix_space} is true, then cuts. */
  private static PreTokenizer byteLevel(JsonFields json) {
    PreTokenizer pieces = json.flag("use_regex", true) ? new Gpt2Scanner() : UNCUT;
    if (!json.flag("add_prefix_space", true)) {
      return pieces;
    }
    return (text, start, end, shift, sink) -> {
      if (start < end && text[start] != ' ') {
        byte[] prefixed = new byte[1 + end - start];
        prefixed[0] = ' ';
        System.arraycopy(text, start, prefixed, 1, end - start);
        pieces.cut(prefixed, 0, prefixed.length, shift + start - 1, sink);
      } else {
        pieces.cut(text, start, end, shift, sink);
      }
    };
  }

  /**
   * Cuts text at the matches of a pattern.
   *
   * @param removes whether the matches are left out instead of being pieces of their own
   * @param invert whether the text between the matches counts as the matches
   */
  record Split(Pattern pattern, boolean removes, boolean invert) implements PreTokenizer {

    @Override
    public void cut(byte[] text, int start, int end, int shift, Sink sink) {
      // Look-around sees nothing outside, as tokenizers matches each piece as a string of its own.
      String own = new String(text, start, end - start, StandardCharsets.UTF_8);
      Matcher matcher = pattern.matcher(own);
      int from = start;
      int matched = 0; // characters up to the byte from
      while (OnigurumaPattern.find(matcher)) {
        int first = from + bytes(own.substring(matched, matcher.start()));
        int behind = first + bytes(matcher.group());
        handOn(text, from, first, shift, invert, sink);
        handOn(text, first, behind, shift, !invert, sink);
        from = behind;
        matched = matcher.end();
      }
      handOn(text, from, end, shift, invert, sink);
    }

    private static int bytes(String text) {
      return text.getBytes(StandardCharsets.UTF_8).length;
    }

    private void handOn(byte[] text, int start, int end, int shift, boolean matched, Sink sink) {
      if (start < end && !(removes && matched)) {
        sink.accept(text, start, end, shift);
      }
    }
  }

  /**
   * Cuts text after each occurrence of a literal.
   *
   * @param literal UTF-8
   */
  record SplitAfter(byte[] literal) implements PreTokenizer {

    @Override
    public void cut(byte[] text, int start, int end, int shift, Sink sink) {
      int from = start;
      for (int i = start; i + literal.length <= end; i++) {
        int behind = i + literal.length;
        if (i >= from && Arrays.equals(text, i, behind, literal, 0, literal.length)) {
          sink.accept(text, from, behind, shift);
          from = behind;
        }
      }
      if (from < end) {
        sink.accept(text, from, end, shift);
      }
    }
  }

  /**
   * Separates numbers from other text.
   *
   * @param individual whether every digit is a piece, instead of every run of digits
   */
  record Digits(boolean individual) implements PreTokenizer {

    @Override
    public void cut(byte[] text, int start, int end, int shift, Sink sink) {
      int from = start;
      boolean inNumber = false;
      for (int i = start; i < end; i += Utf8.length(text[i])) {
        boolean digit =
            text[i] >= 0
                ? text[i] >= '0' && text[i] <= '9'
                : UnicodeClasses.isNumeric(Utf8.codePointAt(text, i));
        if (i > from && (digit != inNumber || digit && individual)) {
          sink.accept(text, from, i, shift);
          from = i;
        }
        inNumber = digit;
      }
      if (from < end) {
        sink.accept(text, from, end, shift);
      }
    }
  }
}
