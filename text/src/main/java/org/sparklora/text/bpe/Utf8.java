package org.sparklora.text.bpe;

/** UTF-8 both ways, lossy exactly as Rust's {@code String::from_utf8_lossy}. Stateless. */
final class Utf8 {
  private static final char REPLACEMENT = '\uFFFD';

  /** The most bytes that one UTF-16 code unit needs; a surrogate pair needs four for its two. */
  static final int MAX_BYTES_PER_CHAR = 3;

  private Utf8() {}

  /**
   * Encodes {@code text[start, end)}; a lone surrogate becomes U+FFFD, for it has no UTF-8.
   *
   * @param target at least {@code MAX_BYTES_PER_CHAR * (end - start)} bytes
   * @return how many bytes were written
   */
  static int encode(String text, int start, int end, byte[] target) {
    int n = 0;
    for (int i = start; i < end; i++) {
      int c = text.charAt(i);
      if (c < 0x80) {
        target[n++] = (byte) c;
        continue;
      }
      if (Character.isSurrogate((char) c)) {
        c = codePointAt(text, i, end);
        i += c > 0xFFFF ? 1 : 0;
      }
      n = put(c, target, n);
    }
    return n;
  }

  /** The code point at {@code i}; a lone surrogate counts as U+FFFD. */
  static int codePointAt(String text, int i, int end) {
    char c = text.charAt(i);
    if (!Character.isSurrogate(c)) {
      return c;
    }
    boolean paired =
        Character.isHighSurrogate(c) && i + 1 < end && Character.isLowSurrogate(text.charAt(i + 1));
    return paired ? Character.toCodePoint(c, text.charAt(i + 1)) : REPLACEMENT;
  }

  private static int put(int c, byte[] target, int n) {
    if (c < 0x80) {
      target[n++] = (byte) c;
    } else if (c < 0x800) {
      target[n++] = (byte) (0xC0 | c >> 6);
      target[n++] = (byte) (0x80 | c & 0x3F);
    } else if (c < 0x10000) {
      target[n++] = (byte) (0xE0 | c >> 12);
      target[n++] = (byte) (0x80 | c >> 6 & 0x3F);
      target[n++] = (byte) (0x80 | c & 0x3F);
    } else {
      target[n++] = (byte) (0xF0 | c >> 18);
      target[n++] = (byte) (0x80 | c >> 12 & 0x3F);
      target[n++] = (byte) (0x80 | c >> 6 & 0x3F);
      target[n++] = (byte) (0x80 | c & 0x3F);
    }
    return n;
  }

  /**
   * Decodes bytes; each maximal part of an ill-formed sequence becomes one U+FFFD. Java's own
   * decoder differs: it makes one of an encoded surrogate where Rust makes three.
   */
  static String decodeLossy(byte[] bytes) {
    StringBuilder text = new StringBuilder(bytes.length);
    int i = 0;
    while (i < bytes.length) {
      int first = bytes[i] & 0xFF;
      if (first < 0x80) {
        text.append((char) first);
        i++;
        continue;
      }
      int needed =
          first >= 0xC2 && first <= 0xDF
              ? 1
              : first >= 0xE0 && first <= 0xEF ? 2 : first >= 0xF0 && first <= 0xF4 ? 3 : 0;
      int taken = 0;
      while (taken < needed
          && i + 1 + taken < bytes.length
          && continues(first, taken, bytes[i + 1 + taken] & 0xFF)) {
        taken++;
      }
      if (needed > 0 && taken == needed) {
        text.appendCodePoint(assemble(bytes, i, needed));
      } else {
        text.append(REPLACEMENT);
      }
      i += 1 + taken;
    }
    return text.toString();
  }

  /**
   * Whether {@code next} may follow: table 3-7 of the Unicode standard, which narrows the second
   * byte.
   */
  private static boolean continues(int first, int index, int next) {
    if (index > 0) {
      return next >= 0x80 && next <= 0xBF;
    }
    return switch (first) {
      case 0xE0 -> next >= 0xA0 && next <= 0xBF;
      case 0xED -> next >= 0x80 && next <= 0x9F;
      case 0xF0 -> next >= 0x90 && next <= 0xBF;
      case 0xF4 -> next >= 0x80 && next <= 0x8F;
      default -> next >= 0x80 && next <= 0xBF;
    };
  }

  private static int assemble(byte[] bytes, int i, int continuations) {
    int codePoint = bytes[i] & 0x3F >> continuations;
    for (int k = 1; k <= continuations; k++) {
      codePoint = codePoint << 6 | bytes[i + k] & 0x3F;
    }
    return codePoint;
  }
}
