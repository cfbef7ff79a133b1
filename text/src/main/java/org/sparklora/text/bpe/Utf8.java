package org.sparklora.text.bpe;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.CharsetEncoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Encodes and decodes UTF-8, lossy exactly as Rust's {@code String::from_utf8_lossy}. Stateless.
 */
final class Utf8 {
  /** Eight bytes as a long, the first in the lowest byte. */
  static final VarHandle WORD =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private Utf8() {}

  /** An encoder that writes U+FFFD for a lone surrogate, which UTF-8 cannot hold. */
  static CharsetEncoder encoder() {
    return StandardCharsets.UTF_8
        .newEncoder()
        .onMalformedInput(CodingErrorAction.REPLACE)
        .replaceWith("\uFFFD".getBytes(StandardCharsets.UTF_8));
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

  /** The first UTF-16 unit of the character of each byte of {@code utf8[0, end)}. */
  static int[] units(byte[] utf8, int end) {
    int[] units = new int[end];
    int unit = 0;
    for (int i = 0, next; i < end; i = next) {
      next = i + length(utf8[i]);
      Arrays.fill(units, i, next, unit);
      unit += next - i == 4 ? 2 : 1; // a pair of surrogates or a single unit
    }
    return units;
  }

  /**
   * Decodes bytes; each maximal part of an ill-formed sequence becomes one U+FFFD. Java finds the
   * same parts, except for an encoded surrogate, of which Rust replaces every byte.
   */
  static String decodeLossy(byte[] bytes) {
    byte[] parts = bytes.clone();
    for (int i = 0; i + 1 < parts.length; i++) {
      if (parts[i] == (byte) 0xED && (parts[i + 1] & 0xFF) >= 0xA0) {
        parts[i] = (byte) 0xFF; // begins no character, so each byte after it is a part
      }
    }
    return new String(parts, StandardCharsets.UTF_8);
  }
}
