package org.sparklora.text.bpe;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * GPT-2's printable stand-ins for the 256 byte values, in which a byte-level vocabulary is spelled:
 * {@code " Hello"} becomes {@code "ĠHello"}.
 *
 * <p>Bytes of printable Latin-1 characters are spelled as these; the other bytes, in ascending
 * order, as the characters from U+0100 on.
 */
final class ByteAlphabet {
  private static final int FIRST_STAND_IN = 0x100;
  private static final char[] CHAR_OF_BYTE = new char[256];
  private static final short[] BYTE_OF_CHAR = new short[FIRST_STAND_IN + 256];

  static {
    Arrays.fill(BYTE_OF_CHAR, (short) -1);
    int standIn = FIRST_STAND_IN;
    for (int b = 0; b < 256; b++) {
      boolean printable = b >= '!' && b <= '~' || b >= 0xA1 && b <= 0xAC || b >= 0xAE;
      char c = (char) (printable ? b : standIn++);
      CHAR_OF_BYTE[b] = c;
      BYTE_OF_CHAR[c] = (short) b;
    }
  }

  private ByteAlphabet() {}

  /** The character that stands for a byte value from 0 to 255. */
  static char charOf(int unsignedByte) {
    return CHAR_OF_BYTE[unsignedByte];
  }

  /** The bytes that a token spells, or its UTF-8 if a character is not of this alphabet. */
  static byte[] bytesOf(String token) {
    byte[] bytes = new byte[token.length()];
    for (int i = 0; i < bytes.length; i++) {
      char c = token.charAt(i);
      if (c >= BYTE_OF_CHAR.length || BYTE_OF_CHAR[c] < 0) {
        return token.getBytes(StandardCharsets.UTF_8);
      }
      bytes[i] = (byte) BYTE_OF_CHAR[c];
    }
    return bytes;
  }

  /** Spells {@code bytes[start, end)} in this alphabet. */
  static String spell(byte[] bytes, int start, int end) {
    char[] spelled = new char[end - start];
    for (int i = 0; i < spelled.length; i++) {
      spelled[i] = CHAR_OF_BYTE[bytes[start + i] & 0xFF];
    }
    return new String(spelled);
  }

  /** The hash code of {@link #spell}'s string. */
  static int hashOf(byte[] bytes, int start, int end) {
    int hash = 0;
    for (int i = start; i < end; i++) {
      hash = 31 * hash + CHAR_OF_BYTE[bytes[i] & 0xFF];
    }
    return hash;
  }
}
