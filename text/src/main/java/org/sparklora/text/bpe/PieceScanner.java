package org.sparklora.text.bpe;

/**
 * Cuts text into pieces as one well-known regular expression does, without a regex engine. Every
 * character belongs to a piece. Stateless and thread-safe.
 *
 * <p>{@link OnigurumaPattern} with the implementation's expression is the oracle in tests.
 */
interface PieceScanner extends PreTokenizer {

  /**
   * The end of the piece that starts at {@code from}.
   *
   * @param from below {@code end}
   * @param end the end of the text for look-ahead
   */
  int next(String text, int from, int end);

  @Override
  default void cut(String text, int start, int end, int shift, Sink sink) {
    for (int from = start, to; from < end; from = to) {
      to = next(text, from, end);
      sink.accept(text, from, to, shift);
    }
  }

  /** The end of the run of characters of one class that starts at {@code i}. */
  static int runEnd(String text, int i, int end, byte type) {
    int at = i;
    while (at < end) {
      char c = text.charAt(at);
      if (Character.isSurrogate(c)) {
        int codePoint = Utf8.codePointAt(text, at, end);
        if (UnicodeClasses.of(codePoint) != type) {
          return at;
        }
        at += codePoint > 0xFFFF ? 2 : 1;
      } else if (UnicodeClasses.of(c) == type) {
        at++;
      } else {
        return at;
      }
    }
    return at;
  }

  /** The end of the run of white space, line breaks included, that starts at {@code i}. */
  static int spaceEnd(String text, int i, int end) {
    int at = i;
    while (at < end && UnicodeClasses.of(text.charAt(at)) >= UnicodeClasses.SPACE) {
      at++;
    }
    return at;
  }

  /**
   * Matches {@code \s+(?!\S)|\s+}, given the run's end: a run before a word leaves its last
   * character to the word.
   */
  static int trailingSpace(int from, int runEnd, int end) {
    return runEnd == end || runEnd - from == 1 ? runEnd : runEnd - 1;
  }

  /** The end of {@code 's|'t|'re|'ve|'m|'ll|'d}; −1 if none begins here. */
  static int contractionEnd(String text, int from, int end, boolean anyCase) {
    if (text.charAt(from) != '\'') {
      return -1;
    }
    char c = charAt(text, from + 1, end, anyCase);
    if (c == 's' || c == 't' || c == 'm' || c == 'd') {
      return from + 2;
    }
    char d = charAt(text, from + 2, end, anyCase);
    return (c == 'r' || c == 'v') && d == 'e' || c == 'l' && d == 'l' ? from + 3 : -1;
  }

  /** A character, in lower case if {@code anyCase}, where the long s counts as s. */
  private static char charAt(String text, int i, int end, boolean anyCase) {
    char c = i < end ? text.charAt(i) : 0;
    return !anyCase ? c : c == 'ſ' ? 's' : c >= 'A' && c <= 'Z' ? (char) (c + 32) : c;
  }

  static byte typeAt(String text, int i, int end) {
    return i < end ? UnicodeClasses.of(Utf8.codePointAt(text, i, end)) : -1;
  }
}
