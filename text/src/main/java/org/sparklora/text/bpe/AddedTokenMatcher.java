package org.sparklora.text.bpe;

import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/**
 * Finds added tokens in text: the leftmost first, of several at one place the longest. Thread-safe.
 *
 * <p>The tokens of most tokenizers begin with {@code <} alone, which the JVM searches in vectors.
 */
final class AddedTokenMatcher {

  /** The id that a {@link Sink} receives for text between tokens. */
  static final int TEXT = -1;

  /** Receives tokens and the text between them, from left to right. */
  interface Sink {
    void accept(int id, int start, int end);
  }

  private final TreeMap<String, AddedToken> tokens = new TreeMap<>(); // by the text to find
  private final BitSet firstChars = new BitSet();
  private final BitSet secondChars = new BitSet(); // empty if a token has only one
  private int longest;

  /** {@code sought} turns a token's content into the text to find: normalised or not. */
  AddedTokenMatcher(List<AddedToken> tokens, UnaryOperator<String> sought) {
    for (AddedToken token : tokens) {
      String content = sought.apply(token.content());
      if (!content.isEmpty()) {
        firstChars.set(content.charAt(0));
        this.tokens.putIfAbsent(content, token);
        longest = Math.max(longest, content.length());
      }
    }
    if (this.tokens.keySet().stream().noneMatch(content -> content.length() == 1)) {
      this.tokens.keySet().forEach(content -> secondChars.set(content.charAt(1)));
    }
  }

  /** Passes all of {@code text} to the sink, cut at the tokens. */
  void scan(String text, Sink sink) {
    int end = text.length();
    int from = 0;
    for (int i = candidate(text, 0); i < end; i = candidate(text, i)) {
      Map.Entry<String, AddedToken> match = longestAt(text, i);
      if (match == null) {
        i++;
        continue;
      }
      int tokenStart = i;
      i += match.getKey().length();
      AddedToken token = match.getValue();
      if (token.search().singleWord() && touchesWord(text, tokenStart, i)) {
        continue;
      }
      int tokenEnd = i;
      while (token.search().lstrip() && tokenStart > from && isSpace(text, tokenStart - 1)) {
        tokenStart--;
      }
      while (token.search().rstrip() && tokenEnd < end && isSpace(text, tokenEnd)) {
        tokenEnd++;
      }
      if (from < tokenStart) {
        sink.accept(TEXT, from, tokenStart);
      }
      sink.accept(token.id(), tokenStart, tokenEnd);
      from = tokenEnd; // i may be less: as in tokenizers, a token may begin in the space taken
    }
    if (from < end) {
      sink.accept(TEXT, from, end);
    }
  }

  /** The first place from {@code from} on where a token may begin, or the text's end. */
  private int candidate(String text, int from) {
    for (int at = from; ; at++) {
      if (firstChars.cardinality() == 1) {
        at = text.indexOf(firstChars.length() - 1, at);
      } else {
        while (at < text.length() && !firstChars.get(text.charAt(at))) {
          at++;
        }
      }
      if (at < 0 || at == text.length()) {
        return text.length();
      }
      if (secondChars.isEmpty() || at + 1 < text.length() && secondChars.get(text.charAt(at + 1))) {
        return at;
      }
    }
  }

  /** The longest token that begins at {@code start}, or null. */
  private Map.Entry<String, AddedToken> longestAt(String text, int start) {
    int stop = Math.min(text.length(), start + longest);
    while (true) {
      String here = text.substring(start, stop);
      Map.Entry<String, AddedToken> found = tokens.floorEntry(here);
      if (found == null || here.startsWith(found.getKey())) {
        return found;
      }
      // A token that begins here sorts before found, so it lies within the common prefix.
      int shared = 0;
      while (shared < found.getKey().length()
          && here.charAt(shared) == found.getKey().charAt(shared)) {
        shared++;
      }
      stop = start + shared;
    }
  }

  private static boolean touchesWord(String text, int tokenStart, int tokenEnd) {
    return tokenStart > 0 && UnicodeClasses.isWord(text.codePointBefore(tokenStart))
        || tokenEnd < text.length() && UnicodeClasses.isWord(text.codePointAt(tokenEnd));
  }

  private static boolean isSpace(String text, int i) {
    return UnicodeClasses.isWhitespace(text.charAt(i));
  }
}
