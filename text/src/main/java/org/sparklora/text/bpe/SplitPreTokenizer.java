package org.sparklora.text.bpe;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.sparklora.text.json.JsonFields;

/**
 * Cuts text at the matches of a pattern.
 *
 * @param invert treat what lies between the matches as the matches
 */
record SplitPreTokenizer(Pattern pattern, Behavior behavior, boolean invert)
    implements PreTokenizer {

  /** A part of the text, matched or between matches. */
  private record Part(int start, int end, boolean matched) {}

  /** What becomes of the matches; names as in tokenizer.json. */
  enum Behavior {
    REMOVED,
    ISOLATED,
    MERGED_WITH_PREVIOUS;

    static Behavior read(JsonFields json) {
      return switch (json.required("behavior")) {
        case "Removed" -> REMOVED;
        case "Isolated" -> ISOLATED;
        case "MergedWithPrevious" -> MERGED_WITH_PREVIOUS;
        default -> throw Components.unsupported(json, "behavior " + json.required("behavior"));
      };
    }
  }

  @Override
  public void cut(String text, int start, int end, int shift, PieceSink sink) {
    List<Part> parts = parts(text, start, end);
    for (int i = 0; i < parts.size(); i++) {
      Part part = parts.get(i);
      if (behavior == Behavior.REMOVED && part.matched) {
        continue;
      }
      boolean takesNext =
          behavior == Behavior.MERGED_WITH_PREVIOUS
              && !part.matched
              && i + 1 < parts.size()
              && parts.get(i + 1).matched;
      int to = takesNext ? parts.get(++i).end : part.end;
      if (part.start < to) {
        sink.accept(text, part.start, to, shift);
      }
    }
  }

  private List<Part> parts(String text, int start, int end) {
    // Opaque bounds: look-around sees nothing outside, as the original matches a string of its own.
    Matcher matcher = pattern.matcher(text).region(start, end);
    List<Part> parts = new ArrayList<>();
    int from = start;
    try {
      while (matcher.find()) {
        if (from < matcher.start()) {
          parts.add(new Part(from, matcher.start(), invert));
        }
        parts.add(new Part(matcher.start(), matcher.end(), !invert));
        from = matcher.end();
      }
    } catch (StackOverflowError e) {
      throw new IllegalArgumentException(
          "Cannot cut a text of %d characters with %s: the expression recurses too deeply; split the text or give the JVM a larger -Xss"
              .formatted(end - start, pattern),
          e);
    }
    if (from < end) {
      parts.add(new Part(from, end, invert));
    }
    return parts;
  }
}
