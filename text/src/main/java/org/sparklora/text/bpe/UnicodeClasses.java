package org.sparklora.text.bpe;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The character classes of tokenizers' regular expressions, in the Unicode version that tokenizers
 * were compiled with: Java 17 has Unicode 13, Hugging Face tokenizers Unicode 16, and a letter that
 * a version does not know ends a word.
 */
final class UnicodeClasses {
  /** A character that is no letter, number or white space: punctuation, mark, symbol. */
  static final byte OTHER = 0;

  static final byte LETTER = 1;
  static final byte NUMBER = 2;

  /** White space other than {@code \r} and {@code \n}. */
  static final byte SPACE = 3;

  /** {@code \r} or {@code \n}. */
  static final byte NEWLINE = 4;

  private static final String TABLE = "unicode-after-13.txt";

  private static final Pattern WORD = Pattern.compile("\\w", Pattern.UNICODE_CHARACTER_CLASS);

  private static final BitSet NONE = new BitSet();

  /** Code points by category or property; "L" is the union of its five categories. */
  private static final Map<String, BitSet> AFTER_13 = readTable();

  /** Classes of the basic plane, so that the scanners only read an array. */
  private static final byte[] BASIC_PLANE = new byte[0x10000];

  /** Classes of single bytes of UTF-8: of ASCII characters; −1 for parts of other characters. */
  private static final byte[] BYTES = new byte[256];

  static {
    for (int c = 0; c < BASIC_PLANE.length; c++) {
      BASIC_PLANE[c] = compute(c);
    }
    for (int b = 0; b < BYTES.length; b++) {
      BYTES[b] = b < 0x80 ? BASIC_PLANE[b] : -1;
    }
  }

  private UnicodeClasses() {}

  /** {@link #OTHER}, {@link #LETTER}, {@link #NUMBER}, {@link #SPACE} or {@link #NEWLINE}. */
  static byte of(int codePoint) {
    return codePoint < BASIC_PLANE.length ? BASIC_PLANE[codePoint] : compute(codePoint);
  }

  /** The class of the character that a byte of UTF-8 is; −1 if it is a part of one. */
  static byte ofByte(byte unit) {
    return BYTES[unit & 0xFF];
  }

  /** Rust's {@code char::is_numeric}: general category N. */
  static boolean isNumeric(int codePoint) {
    return of(codePoint) == NUMBER || codePoint >= 0x80 && contains("Numeric", codePoint);
  }

  /** Rust's {@code char::is_whitespace}, the Unicode property White_Space. */
  static boolean isWhitespace(int codePoint) {
    return of(codePoint) >= SPACE;
  }

  /** Rust's {@code \w}: alphabetic, decimal digit, mark, connector or joiner. */
  static boolean isWord(int codePoint) {
    return WORD.matcher(Character.toString(codePoint)).matches()
        || contains("L", codePoint)
        || contains("M", codePoint)
        || contains("Nd", codePoint);
  }

  /**
   * Whether tokenizers' normal forms, of Unicode 9, leave the character in place and unchanged,
   * while Java's, of Unicode 13 or later, may not.
   */
  static boolean isInert(int codePoint) {
    return codePoint >= 0x7FD && contains("Inert", codePoint);
  }

  /** The code points that a category gained after Unicode 13, as a class's items, or "". */
  static String rangesAfter13(String category) {
    StringBuilder items = new StringBuilder();
    BitSet points = AFTER_13.getOrDefault(category, NONE);
    for (int first = points.nextSetBit(0), end; first >= 0; first = points.nextSetBit(end)) {
      end = points.nextClearBit(first);
      items.append("\\x{%x}-\\x{%x}".formatted(first, end - 1));
    }
    return items.toString();
  }

  private static byte compute(int codePoint) {
    if (codePoint == '\r' || codePoint == '\n') {
      return NEWLINE;
    }
    if (Character.isLetter(codePoint)) {
      return LETTER;
    }
    boolean control = codePoint >= '\t' && codePoint <= '\r' || codePoint == 0x85;
    if (control || Character.isSpaceChar(codePoint)) {
      return SPACE;
    }
    return switch (Character.getType(codePoint)) {
      case Character.DECIMAL_DIGIT_NUMBER, Character.LETTER_NUMBER, Character.OTHER_NUMBER ->
          NUMBER;
      default -> contains("L", codePoint) ? LETTER : contains("N", codePoint) ? NUMBER : OTHER;
    };
  }

  private static boolean contains(String category, int codePoint) {
    return AFTER_13.getOrDefault(category, NONE).get(codePoint);
  }

  private static Map<String, BitSet> readTable() {
    Map<String, BitSet> table = new HashMap<>();
    BitSet letters = new BitSet();
    try (InputStream in = UnicodeClasses.class.getResourceAsStream(TABLE)) {
      for (String line : new String(in.readAllBytes(), StandardCharsets.US_ASCII).split("\n")) {
        if (!line.startsWith("#")) {
          String[] fields = line.split(" ");
          table.put(fields[0], ranges(fields));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read " + TABLE + " of this project's own jar", e);
    }
    List.of("Lu", "Ll", "Lt", "Lm", "Lo").forEach(c -> letters.or(table.getOrDefault(c, NONE)));
    table.put("L", letters);
    return table;
  }

  private static BitSet ranges(String[] fields) {
    BitSet ranges = new BitSet();
    for (int i = 1; i < fields.length; i++) {
      String[] bounds = fields[i].split("-");
      int last = Integer.parseInt(bounds[bounds.length - 1], 16);
      ranges.set(Integer.parseInt(bounds[0], 16), last + 1);
    }
    return ranges;
  }
}
