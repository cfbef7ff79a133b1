package org.sparklora.text.bpe;

import java.util.Arrays;

/**
 * Caches the tokens of pieces, since natural text repeats its words. Bounded: a full cache is
 * emptied. Belongs to one thread.
 *
 * <p>An open-addressing table into two growing arrays, so that a hit allocates nothing.
 */
final class PieceCache {
  /** The longest piece cached; longer ones are rare and seldom repeat. */
  static final int MAX_PIECE_LENGTH = 48;

  private static final int SLOTS = 1 << 16;
  private static final int MAX_ENTRIES = SLOTS / 2;

  private final int[] slots = new int[SLOTS]; // entry + 1, or 0
  private final int[] hashes = new int[MAX_ENTRIES];
  private final int[] keyEnds =
      new int[MAX_ENTRIES + 1]; // entry e is keys[keyEnds[e], keyEnds[e + 1])
  private final int[] idEnds = new int[MAX_ENTRIES + 1];
  private char[] keys = new char[1 << 14];
  private int[] ids = new int[1 << 14];
  private int entries;

  /**
   * Appends the cached tokens of {@code text[start, end)} to {@code target}; false if not cached.
   */
  boolean copy(String text, int start, int end, int hash, IntBuffer target) {
    int slot = slot(hash);
    while (slots[slot] != 0) {
      int entry = slots[slot] - 1;
      if (hashes[entry] == hash && matches(entry, text, start, end)) {
        target.add(ids, idEnds[entry], idEnds[entry + 1]);
        return true;
      }
      slot = slot + 1 & SLOTS - 1;
    }
    return false;
  }

  void put(String text, int start, int end, int hash, Symbols symbols) {
    if (entries == MAX_ENTRIES) {
      Arrays.fill(slots, 0);
      entries = 0;
    }
    int keyStart = keyEnds[entries];
    int idStart = idEnds[entries];
    if (keyStart + end - start > keys.length) {
      keys = Arrays.copyOf(keys, 2 * keys.length);
    }
    if (idStart + symbols.size() > ids.length) {
      ids = Arrays.copyOf(ids, 2 * ids.length + symbols.size());
    }
    text.getChars(start, end, keys, keyStart);
    for (int i = 0; i < symbols.size(); i++) {
      ids[idStart + i] = symbols.id(i);
    }
    hashes[entries] = hash;
    entries++;
    keyEnds[entries] = keyStart + end - start;
    idEnds[entries] = idStart + symbols.size();
    int slot = slot(hash);
    while (slots[slot] != 0) {
      slot = slot + 1 & SLOTS - 1;
    }
    slots[slot] = entries;
  }

  static int hash(String text, int start, int end) {
    int hash = end - start;
    for (int i = start; i < end; i++) {
      hash = hash * 0x01000193 ^ text.charAt(i);
    }
    return hash;
  }

  private static int slot(int hash) {
    return hash * 0x9E3779B9 >>> 16;
  }

  private boolean matches(int entry, String text, int start, int end) {
    int key = keyEnds[entry];
    if (keyEnds[entry + 1] - key != end - start) {
      return false;
    }
    for (int i = start; i < end; i++) {
      if (keys[key++] != text.charAt(i)) {
        return false;
      }
    }
    return true;
  }
}
