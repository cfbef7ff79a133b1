package org.sparklora.text.bpe;

import java.util.ArrayList;
import java.util.List;
import org.sparklora.text.json.JsonFields;

/**
 * A {@code pre_tokenizer} of tokenizer.json: cuts text into pieces that no token crosses.
 * Thread-safe.
 */
interface PreTokenizer {
  /** Leaves a text in one piece. */
  PreTokenizer UNCUT = (text, start, end, shift, sink) -> sink.accept(text, start, end, shift);

  /** Cuts {@code text[start, end)} as if nothing stood around it, and hands on each piece. */
  void cut(String text, int start, int end, int shift, PieceSink sink);

  /** Reads a pre-tokenizer; absent or null means that the text is one piece. */
  static PreTokenizer read(JsonFields json) {
    if (json.isAbsent()) {
      return UNCUT;
    }
    return switch (Components.type(json)) {
      case "Sequence" -> sequence(json);
      case "Split" -> split(json);
      case "Digits" -> new DigitsPreTokenizer(json.flag("individual_digits", false));
      case "ByteLevel" -> byteLevel(json);
      case "Whitespace" ->
          new SplitPreTokenizer(
              OnigurumaPattern.compile("\\w+|[^\\w\\s]+"), SplitBehavior.REMOVED, true);
      case "WhitespaceSplit" ->
          new SplitPreTokenizer(OnigurumaPattern.compile("\\s"), SplitBehavior.REMOVED, false);
      default -> throw Components.unsupportedType(json);
    };
  }

  /**
   * Whether the pieces are spelled in {@link ByteAlphabet}, that is, whether a ByteLevel is in it.
   */
  static boolean isByteLevel(JsonFields json) {
    if (json.isAbsent()) {
      return false;
    }
    return switch (Components.type(json)) {
      case "ByteLevel" -> true;
      case "Sequence" ->
          json.children("pretokenizers").stream().anyMatch(PreTokenizer::isByteLevel);
      default -> false;
    };
  }

  private static PreTokenizer sequence(JsonFields json) {
    List<JsonFields> children = json.children("pretokenizers");
    for (int i = 0; i + 1 < children.size(); i++) {
      if (isByteLevel(children.get(i))) {
        // It would cut the stand-in characters of bytes, where we cut the text itself.
        throw Components.unsupported(
            children.get(i), "a ByteLevel that is not the last pre-tokenizer");
      }
    }
    List<PreTokenizer> steps = new ArrayList<>();
    children.forEach(child -> steps.add(read(child)));
    return switch (steps.size()) {
      case 0 -> UNCUT;
      case 1 -> steps.get(0);
      default -> new Chain(steps);
    };
  }

  private static PreTokenizer split(JsonFields json) {
    SplitBehavior behavior = SplitBehavior.read(json);
    boolean invert = json.flag("invert", false);
    JsonFields pattern = json.child("pattern");
    String regex = pattern.has("Regex") ? pattern.required("Regex") : "";
    // Every character matches, so that Isolated yields the same pieces inverted or not.
    if (behavior == SplitBehavior.ISOLATED && regex.equals(Cl100kScanner.LLAMA3_PATTERN)) {
      return new Scanned(new Cl100kScanner(3));
    }
    if (behavior == SplitBehavior.ISOLATED && regex.equals(Cl100kScanner.QWEN_PATTERN)) {
      return new Scanned(new Cl100kScanner(1));
    }
    if (behavior == SplitBehavior.ISOLATED && regex.equals(Gpt2Scanner.PATTERN)) {
      return new Scanned(new Gpt2Scanner());
    }
    return new SplitPreTokenizer(TextNormalizer.pattern(pattern), behavior, invert);
  }

  private static PreTokenizer byteLevel(JsonFields json) {
    PreTokenizer pieces = json.flag("use_regex", true) ? new Scanned(new Gpt2Scanner()) : UNCUT;
    return json.flag("add_prefix_space", true) ? new PrefixSpace(pieces) : pieces;
  }

  /** One after the other, each cutting the pieces of its predecessor. */
  record Chain(List<PreTokenizer> steps) implements PreTokenizer {
    @Override
    public void cut(String text, int start, int end, int shift, PieceSink sink) {
      PieceSink chained = sink;
      for (int i = steps.size() - 1; i > 0; i--) {
        PreTokenizer step = steps.get(i);
        PieceSink next = chained;
        chained = (t, s, e, sh) -> step.cut(t, s, e, sh, next);
      }
      steps.get(0).cut(text, start, end, shift, chained);
    }
  }

  /** Cuts where a scanner says. */
  record Scanned(PieceScanner scanner) implements PreTokenizer {
    @Override
    public void cut(String text, int start, int end, int shift, PieceSink sink) {
      for (int from = start, to; from < end; from = to) {
        to = scanner.next(text, from, end);
        sink.accept(text, from, to, shift);
      }
    }
  }

  /** Puts a space before text that has none, then cuts. */
  record PrefixSpace(PreTokenizer then) implements PreTokenizer {
    @Override
    public void cut(String text, int start, int end, int shift, PieceSink sink) {
      if (start < end && text.charAt(start) != ' ') {
        String prefixed = " " + text.substring(start, end);
        then.cut(prefixed, 0, prefixed.length(), shift + start - 1, sink);
      } else {
        then.cut(text, start, end, shift, sink);
      }
    }
  }
}
