package org.sparklora.text.bpe;

/** Cuts text as Llama 3 and Qwen do, which differ in the most digits of a number. */
record Cl100kScanner(int maxDigits) implements PieceScanner {
  private static final String PATTERN_BEFORE_NUMBERS =
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|";
  private static final String PATTERN_AFTER_NUMBERS =
      "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

  /** Llama 3's pattern, with numbers of up to three digits. */
  static final String LLAMA3_PATTERN =
      PATTERN_BEFORE_NUMBERS + "\\p{N}{1,3}" + PATTERN_AFTER_NUMBERS;

  /** Qwen's pattern, in which every digit is a piece. */
  static final String QWEN_PATTERN = PATTERN_BEFORE_NUMBERS + "\\p{N}" + PATTERN_AFTER_NUMBERS;

  @Override
  public int next(byte[] text, int from, int end) {
    int contraction = PieceScanner.contractionEnd(text, from, end, true);
    if (contraction > 0) {
      return contraction;
    }
    byte type = PieceScanner.typeAt(text, from, end);
    int second = from + Utf8.length(text[from]);
    if (type == UnicodeClasses.LETTER) {
      return PieceScanner.runEnd(text, second, end, UnicodeClasses.LETTER);
    }
    if (type == UnicodeClasses.NUMBER) {
      return numberEnd(text, second, end);
    }
    byte secondType = PieceScanner.typeAt(text, second, end);
    if (secondType == UnicodeClasses.LETTER && type != UnicodeClasses.NEWLINE) {
      return PieceScanner.runEnd(text, second, end, UnicodeClasses.LETTER);
    }
    if (type == UnicodeClasses.OTHER || text[from] == ' ' && secondType == UnicodeClasses.OTHER) {
      int symbols = PieceScanner.runEnd(text, second, end, UnicodeClasses.OTHER);
      return PieceScanner.runEnd(text, symbols, end, UnicodeClasses.NEWLINE);
    }
    return spaceEnd(text, from, end);
  }

  /** {@code \s*[\r\n]+|\s+(?!\S)|\s+}: ends after the run's last line break, if any. */
  private static int spaceEnd(byte[] text, int from, int end) {
    int runEnd = PieceScanner.spaceEnd(text, from, end);
    for (int i = runEnd - 1; i >= from; i--) {
      if (UnicodeClasses.ofByte(text[i]) == UnicodeClasses.NEWLINE) {
        return i + 1;
      }
    }
    return PieceScanner.trailingSpace(text, from, runEnd, end);
  }

  private int numberEnd(byte[] text, int second, int end) {
    int at = second;
    for (int digits = 1; digits < maxDigits; digits++) {
      if (PieceScanner.typeAt(text, at, end) != UnicodeClasses.NUMBER) {
        break;
      }
      at += Utf8.length(text[at]);
    }
    return at;
  }
}
