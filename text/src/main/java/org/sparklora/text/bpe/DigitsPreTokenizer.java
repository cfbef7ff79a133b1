package org.sparklora.text.bpe;

/**
 * Cuts numbers from everything else.
 *
 * @param individual every digit by itself, instead of runs of digits
 */
record DigitsPreTokenizer(boolean individual) implements PreTokenizer {

  @Override
  public void cut(String text, int start, int end, int shift, Sink sink) {
    int from = start;
    boolean inNumber = false;
    for (int i = start, next; i < end; i = next) {
      int codePoint = Utf8.codePointAt(text, i, end);
      next = i + Character.charCount(codePoint);
      boolean digit = UnicodeClasses.isNumeric(codePoint);
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
