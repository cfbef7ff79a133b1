package org.sparklora.text.bpe;

import java.util.Arrays;

/**
 * The merges of a vocabulary: maps two neighbouring tokens to the merged token and its rank.
 *
 * <p>An open-addressing hash table on primitive arrays. Filled by one thread, then read by many.
 */
final class MergeTable {
  /** {@link #find}'s result for two tokens that do not merge; greater than every merge. */
  static final long NONE = Long.MAX_VALUE;

  private static final long EMPTY = -1;

  private final long[] pairs; // left << 32 | right
  private final long[] merges; // rank << 32 | merged token
  private final int mask;

  /** A table for {@code count} merges, then at most half full. */
  MergeTable(int count) {
    int slots = Integer.highestOneBit(Math.max(8, count)) * 4;
    pairs = new long[slots];
    merges = new long[slots];
    mask = slots - 1;
    Arrays.fill(pairs, EMPTY);
  }

  /** Adds a merge; it replaces an earlier merge of the same pair, as in a map. */
  void put(int left, int right, int rank, int merged) {
    long pair = pair(left, right);
    int slot = slot(pair);
    while (pairs[slot] != EMPTY && pairs[slot] != pair) {
      slot = slot + 1 & mask;
    }
    pairs[slot] = pair;
    merges[slot] = (long) rank << 32 | merged;
  }

  /**
   * The rank (upper 32 bits, lower is earlier) and result (lower 32) of a merge, or {@link #NONE}.
   */
  long find(int left, int right) {
    long pair = pair(left, right);
    int slot = slot(pair);
    while (true) {
      long found = pairs[slot];
      if (found == pair) {
        return merges[slot];
      }
      if (found == EMPTY) {
        return NONE;
      }
      slot = slot + 1 & mask;
    }
  }

  static int merged(long merge) {
    return (int) merge;
  }

  static int rank(long merge) {
    return (int) (merge >>> 32);
  }

  private static long pair(int left, int right) {
    return (long) left << 32 | right;
  }

  private int slot(long pair) {
    long mixed = pair * 0x9E3779B97F4A7C15L;
    return (int) (mixed >>> 32 ^ mixed >>> 48) & mask;
  }
}
