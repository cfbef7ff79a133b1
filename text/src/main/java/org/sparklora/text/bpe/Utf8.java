package org.sparklora.text.bpe;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Encodes and decodes UTF-8, lossy exactly as Rust's {@code String::from_utf8_lossy}. Stateless.
 */
final class Utf8 {
  private static final char REPLACEMENT = '\uFFFD';

  /** The most bytes that one UTF-16 code unit needs; a surrogate pair needs four for two units. */
  static final int MAX_BYTES_PER_CHAR = 3;

  /** Eight bytes as a long, the first in the lowest byte. */
  static final VarHandle WORD =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private Utf8() {}

  /**
   * Encodes {@code text[start, end)}; a lone surrogate becomes U+FFFD, since UTF-8 cannot hold it.
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
    int c = i + 1 < end ? text.codePointAt(i) : text.charAt(i);
    return c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE ? REPLACEMENT : c;
  }

  /** The code point whose first byte is {@code utf8[i]}, of valid UTF-8. */
  static int codePointAt(byte[] utf8, int i) {
    int lead = utf8[i];
    return switch (length(utf8[i])) {
      case 1 -> lead;
      case 2 -> (lead & 0x1F) << 6 | utf8[i + 1] & 0x3F;
      case 3 -> (lead & 0xF) << 12 | (utf8[i + 1] & 0x3F) << 6 | utf8[i + 2] & 0x3F;
      default ->
          (lead & 7) << 18
              | (utf8[i + 1] & 0x3F) << 12
              | (utf8[i + 2] & 0x3F) << 6
              | utf8[i + 3] & 0x3F;
    };
  }

  /** The bytes of a character, by its first. */
  static int length(byte lead) {
    return lead >= 0 ? 1 : lead < (byte) 0xE0 ? 2 : lead < (byte) 0xF0 ? 3 : 4;
  }

  /** The first byte of the character that ends before {@code utf8[end]}. */
  static int previous(byte[] utf8, int end) {
    int at = end - 1;
    while (utf8[at] < (byte) 0xC0) {
      at--;
    }
    return at;
  }

  /** The end of the run of ASCII letters from {@code at} on, or less; looks at eight at a time. */
  static int lettersEnd(byte[] utf8, int at, int end) {
    int next = at;
    for (; next + Long.BYTES <= end; next += Long.BYTES) {
      long word = (long) WORD.get(utf8, next);
      long lower = word & 0x7F7F7F7F7F7F7F7FL | 0x2020202020202020L;
      // the high bit of a byte: it is 'a' or above, and neither above 'z' nor beyond ASCII
      long letters = lower + 0x1F1F1F1F1F1F1F1FL & ~(lower + 0x0505050505050505L) & ~word;
      long others = ~letters & 0x8080808080808080L;
      if (others != 0) {
        return next + Long.numberOfTrailingZeros(others) / Byte.SIZE;
      }
    }
    return next;
  }

  /**
   * The first UTF-16 unit, counted from {@code start}, of the character of each byte that {@link
   * #encode} writes.
   */
  static int[] units(String text, int start, int end, int bytes) {
    int[] units = new int[bytes];
    int n = 0;
    for (int i = start, next; i < end; i = next) {
      int c = codePointAt(text, i, end);
      next = i + Character.charCount(c);
      int behind = n + (c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4);
      Arrays.fill(units, n, behind, i - start);
      n = behind;
    }
    return units;
  }

  private static int put(int c, byte[] target, int n) {
    if (c < 0x800) {
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
   * Decodes bytes; each maximal part of an ill-formed sequence becomes one U+FFFD. Java's decoder
   * finds the same parts, except for an encoded surrogate, of which Rust replaces every byte.
   */
  static String decodeLossy(byte[] bytes) {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    CharBuffer text = CharBuffer.allocate(bytes.length);
    CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
    for (CoderResult result = decoder.decode(in, text, true);
        result.isError();
        result = decoder.decode(in, text, true)) {
      int at = in.position();
      boolean surrogate =
          bytes[at] == (byte) 0xED && result.length() > 1 && (bytes[at + 1] & 0xFF) >= 0xA0;
      text.put(String.valueOf(REPLACEMENT).repeat(surrogate ? result.length() : 1));
      in.position(at + result.length());
    }
    return text.flip().toString();
  }
}
