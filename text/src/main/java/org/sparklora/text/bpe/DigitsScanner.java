package org.sparklora.text.bpe;

/**
 * Cuts numbers from everything else.
 *
 * @param individual every digit by itself, instead of runs of digits
 */
record DigitsScanner(boolean individual) implements PieceScanner {

  @Override
  public int next(String text, int from, int end) {
    boolean number = isNumeric(text, from, end);
    int at = from;
    do {
      at += Utf8.codePointAt(text, at, end) > 0xFFFF ? 2 : 1;
    } while (at < end && !(number && individual) && isNumeric(text, at, end) == number);
    return at;
  }

  private static boolean isNumeric(String text, int i, int end) {
    return UnicodeClasses.isNumeric(Utf8.codePointAt(text, i, end));
  }
}
