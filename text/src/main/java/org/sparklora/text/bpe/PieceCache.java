package org.sparklora.text.bpe;

import java.util.Arrays;

/**
 * Caches the tokens of pieces, since natural text repeats its words. Belongs to one thread.
 *
 * <p>A hash table of sets of two pieces. A new piece takes the first place of its set and moves the
 * former first to the second, so that pieces seen often stay. A piece is four words, so that a hit
 * compares no single bytes and allocates nothing. The table begins small, for tokenizers that see
 * little text, and becomes one of twice the size, empty, whenever as many pieces were put into it
 * as it has places, up to 8 MB.
 */
final class PieceCache {
  /** The longest piece cached; longer ones are rare and seldom repeat. */
  private static final int MAX_BYTES = 31;

  /** The most tokens of a cached piece. */
  private static final int MAX_IDS = 8;

  private static final int WORDS = 4;
  private static final int MOST_SETS_LOG = 16;

  private int setsLog = 8;
  private long[] keys = new long[2 * WORDS << setsLog]; // bytes, padded; the last: length
  private int[] ids = new int[2 * MAX_IDS << setsLog]; // padded with -1
  private int added; // pieces since the table has this size
  private final long[] piece = new long[WORDS]; // the piece that copy did not find
  private int set; // first place of the piece's set; -1: the piece is too long

  /**
   * Appends the cached tokens of {@code text[start, end)} to {@code target}; false if not cached.
   */
  boolean copy(byte[] text, int start, int end, IntBuffer target) {
    int length = end - start;
    if (length > MAX_BYTES) {
      set = -1;
      return false;
    }
    long a = word(text, start, length);
    long b = length > 8 ? word(text, start + 8, length - 8) : 0;
    long c = length > 16 ? word(text, start + 16, length - 16) : 0;
    long d = length > 24 ? word(text, start + 24, length - 24) : 0;
    d |= (long) length << 56;
    long hash = a + b * 0x9FB21C651E98DF25L + c * 0xD6E8FEB86659FD93L + d * 0xA0761D6478BD642FL;
    int place = (int) (hash * 0x9E3779B97F4A7C15L >>> 64 - setsLog) << 1;
    if (!holds(place, a, b, c, d)) {
      if (!holds(place + 1, a, b, c, d)) {
        piece[0] = a;
        piece[1] = b;
        piece[2] = c;
        piece[3] = d;
        set = place;
        return false;
      }
      place++;
    }
    target.addUntilNegative(ids, place * MAX_IDS, MAX_IDS);
    return true;
  }

  /** Caches the tokens of the piece that {@link #copy} did not find, if it is short enough. */
  void put(Symbols symbols) {
    if (set < 0 || symbols.size() > MAX_IDS) {
      return;
    }
    if (++added > 2 << setsLog && setsLog < MOST_SETS_LOG) {
      setsLog++;
      keys = new long[2 * WORDS << setsLog];
      ids = new int[2 * MAX_IDS << setsLog];
      added = 0;
      return; // the piece's set is another one now
    }
    System.arraycopy(keys, set * WORDS, keys, (set + 1) * WORDS, WORDS);
    System.arraycopy(piece, 0, keys, set * WORDS, WORDS);
    int at = set * MAX_IDS;
    System.arraycopy(ids, at, ids, at + MAX_IDS, MAX_IDS);
    Arrays.fill(ids, at, at + MAX_IDS, -1);
    for (int i = 0; i < symbols.size(); i++) {
      ids[at + i] = symbols.id(i);
    }
  }

  private boolean holds(int place, long a, long b, long c, long d) {
    int at = place * WORDS;
    return ((keys[at] ^ a) | (keys[at + 1] ^ b) | (keys[at + 2] ^ c) | (keys[at + 3] ^ d)) == 0;
  }

  /** The next {@code count} bytes, or eight if there are more. */
  private static long word(byte[] text, int at, int count) {
    if (at + 8 > text.length) {
      long word = 0;
      for (int i = Math.min(count, 8) - 1; i >= 0; i--) {
        word = word << 8 | text[at + i] & 0xFF;
      }
      return word;
    }
    long word = (long) Utf8.WORD.get(text, at);
    return count >= 8 ? word : word & (1L << 8 * count) - 1;
  }
}
