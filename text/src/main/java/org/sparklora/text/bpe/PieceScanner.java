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
   * @param text UTF-8
   * @param from the first byte of a character, below {@code end}
   * @param end the end of the text for look-ahead
   */
  int next(byte[] text, int from, int end);

  @Override
  default void cut(byte[] text, int start, int end, int shift, Sink sink) {
    for (int from = start, to; from < end; from = to) {
      to = next(text, from, end);
      sink.accept(text, from, to, shift);
    }
  }

  /** The end of the run of characters of one class that starts at {@code i}. */
  static int runEnd(byte[] text, int i, int end, byte type) {
    int at = type == UnicodeClasses.LETTER ? Utf8.lettersEnd(text, i, end) : i;
    while (true) {
      while (at < end && UnicodeClasses.ofByte(text[at]) == type) {
        at++;
      }
      if (at == end || text[at] >= 0 || typeAt(text, at, end) != type) {
        return at;
      }
      at += Utf8.length(text[at]);
    }
  }

  /** The end of the run of white space, line breaks included, that starts at {@code i}. */
  static int spaceEnd(byte[] text, int i, int end) {
    int at = i;
    while (typeAt(text, at, end) >= UnicodeClasses.SPACE) {
      at += Utf8.length(text[at]);
    }
    return at;
  }

  /**
   * Matches {@code \s+(?!\S)|\s+}, given the run's end: a run before a word leaves its last
   * character to the word.
   */
  static int trailingSpace(byte[] text, int from, int runEnd, int end) {
    int last = Utf8.previous(text, runEnd);
    return runEnd == end || last == from ? runEnd : last;
  }

  /** The end of {@code 's|'t|'re|'ve|'m|'ll|'d}; −1 if none begins here. */
  static int contractionEnd(byte[] text, int from, int end, boolean anyCase) {
    if (text[from] != '\'') {
      return -1;
    }
    int c = letterAt(text, from + 1, end, anyCase);
    if (c == 's' || c == 't' || c == 'm' || c == 'd') {
      return from + 1 + Utf8.length(text[from + 1]);
    }
    int d = c == 'r' || c == 'v' || c == 'l' ? letterAt(text, from + 2, end, anyCase) : 0;
    return d == (c == 'l' ? 'l' : 'e') ? from + 3 : -1;
  }

  /** A character, in lower case if {@code anyCase}, where the long s counts as s. */
  private static int letterAt(byte[] text, int i, int end, boolean anyCase) {
    int c = i < end ? Utf8.codePointAt(text, i) : 0;
    return !anyCase ? c : c == 'ſ' ? 's' : c >= 'A' && c <= 'Z' ? c + 32 : c;
  }

  /** The class of the character at {@code i}; −1 at the end. */
  static byte typeAt(byte[] text, int i, int end) {
    if (i == end) {
      return -1;
    }
    return text[i] >= 0
        ? UnicodeClasses.ofByte(text[i])
        : UnicodeClasses.of(Utf8.codePointAt(text, i));
  }
}
