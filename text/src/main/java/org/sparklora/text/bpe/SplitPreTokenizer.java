package org.sparklora.text.bpe;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Cuts text at the matches of a pattern.
 *
 * @param removes whether the matches are left out instead of being pieces of their own
 * @param invert treat what lies between the matches as the matches
 */
record SplitPreTokenizer(Pattern pattern, boolean removes, boolean invert) implements PreTokenizer {

  @Override
  public void cut(String text, int start, int end, int shift, Sink sink) {
    // Opaque bounds: look-around sees nothing outside, as the original matches a string of its own.
    Matcher matcher = pattern.matcher(text).region(start, end);
    int from = start;
    try {
      while (matcher.find()) {
        handOn(text, from, matcher.start(), shift, invert, sink);
        handOn(text, matcher.start(), matcher.end(), shift, !invert, sink);
        from = matcher.end();
      }
    } catch (StackOverflowError e) {
      throw new IllegalArgumentException(
          "Cannot cut a text of %d characters with %s: the expression recurses too deeply; split the text or give the JVM a larger -Xss"
              .formatted(end - start, pattern),
          e);
    }
    handOn(text, from, end, shift, invert, sink);
  }

  private void handOn(String text, int start, int end, int shift, boolean matched, Sink sink) {
    if (start < end && !(removes && matched)) {
      sink.accept(text, start, end, shift);
    }
  }
}
