package org.sparklora.text.bpe;

/** Cuts text as GPT-2 does: the pre-tokenizer {@code ByteLevel} with {@code use_regex}. */
final class Gpt2Scanner implements PieceScanner {
  static final String PATTERN =
      "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

  @Override
  public int next(byte[] text, int from, int end) {
    int contraction = PieceScanner.contractionEnd(text, from, end, false);
    if (contraction > 0) {
      return contraction;
    }
    int start = text[from] == ' ' && from + 1 < end ? from + 1 : from;
    byte type = PieceScanner.typeAt(text, start, end);
    if (type < UnicodeClasses.SPACE) {
      return PieceScanner.runEnd(text, start, end, type);
    }
    return PieceScanner.trailingSpace(text, from, PieceScanner.spaceEnd(text, from, end), end);
  }
}
