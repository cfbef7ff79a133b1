package org.sparklora.text.bpe;

/** GPT-2's pieces, those of pre-tokenizer {@code ByteLevel} with {@code use_regex}. */
final class Gpt2Scanner implements PieceScanner {
  static final String PATTERN =
      "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

  @Override
  public int next(String text, int from, int end) {
    char first = text.charAt(from);
    if (first == '\'') {
      int contraction = contractionEnd(text, from, end);
      if (contraction > 0) {
        return contraction;
      }
    }
    int start = first == ' ' && from + 1 < end ? from + 1 : from;
    byte type = PieceScanner.typeAt(text, start, end);
    if (type < UnicodeClasses.SPACE) {
      return PieceScanner.runEnd(text, start, end, type);
    }
    return PieceScanner.trailingSpace(from, PieceScanner.spaceEnd(text, from, end), end);
  }

  private static int contractionEnd(String text, int from, int end) {
    char c = from + 1 < end ? text.charAt(from + 1) : 0;
    if (c == 's' || c == 't' || c == 'm' || c == 'd') {
      return from + 2;
    }
    char d = from + 2 < end ? text.charAt(from + 2) : 0;
    return (c == 'r' || c == 'v') && d == 'e' || c == 'l' && d == 'l' ? from + 3 : -1;
  }
}
