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
  public int next(String text, int from, int end) {
    char first = text.charAt(from);
    int contraction = PieceScanner.contractionEnd(text, from, end, true);
    if (contraction > 0) {
      return contraction;
    }
    int codePoint = Utf8.codePointAt(text, from, end);
    int second = from + Character.charCount(codePoint);
    byte type = UnicodeClasses.of(codePoint);
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
    if (type == UnicodeClasses.OTHER || first == ' ' && secondType == UnicodeClasses.OTHER) {
      int symbols = PieceScanner.runEnd(text, second, end, UnicodeClasses.OTHER);
      return PieceScanner.runEnd(text, symbols, end, UnicodeClasses.NEWLINE);
    }
    return spaceEnd(text, from, end);
  }

  /** {@code \s*[\r\n]+|\s+(?!\S)|\s+}: ends after the run's last line break, if any. */
  private static int spaceEnd(String text, int from, int end) {
    int runEnd = PieceScanner.spaceEnd(text, from, end);
    for (int i = runEnd - 1; i >= from; i--) {
      if (UnicodeClasses.of(text.charAt(i)) == UnicodeClasses.NEWLINE) {
        return i + 1;
      }
    }
    return PieceScanner.trailingSpace(from, runEnd, end);
  }

  private int numberEnd(String text, int second, int end) {
    int at = second;
    for (int digits = 1; digits < maxDigits && at < end; digits++) {
      int codePoint = Utf8.codePointAt(text, at, end);
      if (UnicodeClasses.of(codePoint) != UnicodeClasses.NUMBER) {
        break;
      }
      at += Character.charCount(codePoint);
    }
    return at;
  }
}
