package org.sparklora.text.bpe;

import java.util.Arrays;

/**
 * The merges of a vocabulary: maps two neighbouring tokens to the merge's rank, and that to the
 * merged token.
 *
 * <p>An open-addressing hash table of one word for each merge, since most of a search is waiting
 * for memory. Filled by one thread, then read by many.
 */
final class MergeTable {
  /** {@link #find}'s result for two tokens that do not merge; greater than every rank. */
  static final int NONE = Integer.MAX_VALUE;

  /** Ids and ranks are below this. */
  static final int LIMIT = 1 << 21;

  private static final long EMPTY = -1;

  private final long[] table; // left << 42 | right << 21 | rank
  private final int[] merged; // by rank
  private final int mask;

  /** A table for {@code count} merges, then at most two thirds full. */
  MergeTable(int count) {
    table = new long[Integer.highestOneBit(Math.max(8, count + count / 2)) * 2];
    merged = new int[count];
    mask = table.length - 1;
    Arrays.fill(table, EMPTY);
  }

  /** Adds a merge; it replaces an earlier merge of the same pair, as in a map. */
  void put(int left, int right, int rank, int token) {
    merged[rank] = token;
    long pair = pair(left, right);
    int slot = slot(pair);
    while (table[slot] != EMPTY && table[slot] >>> 21 != pair) {
      slot = slot + 1 & mask;
    }
    table[slot] = pair << 21 | rank;
  }

  /** The rank of a merge, lower is earlier, or {@link #NONE}. */
  int find(int left, int right) {
    long pair = pair(left, right);
    for (int slot = slot(pair); ; slot = slot + 1 & mask) {
      long found = table[slot];
      if (found >>> 21 == pair) {
        return (int) found & LIMIT - 1;
      }
      if (found == EMPTY) {
        return NONE;
      }
    }
  }

  /** The token that the merge of a rank makes. */
  int merged(int rank) {
    return merged[rank];
  }

  private static long pair(int left, int right) {
    return (long) left << 21 | right;
  }

  private int slot(long pair) {
    long mixed = pair * 0x9E3779B97F4A7C15L;
    return (int) (mixed >>> 32 ^ mixed >>> 48) & mask;
  }
}
