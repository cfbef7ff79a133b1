package org.sparklora.text.bpe;

import java.util.Arrays;

/**
 * The symbols of one piece of text, from its letters to its tokens: each is a token id and the
 * bytes of the piece that it covers. {@link #mergeAll} merges them. Not thread-safe; reused.
 */
final class Symbols {
  /** Up to this many symbols, scanning all pairs for each merge is faster than a heap. */
  private static final int SHORT = 48;

  /** Arrays larger than this are released at the next piece. */
  private static final int KEPT = 1 << 16;

  private int[] ids = new int[64];
  private int[] ends = new int[64]; // one past the last byte of each symbol
  private int[] merges = new int[64]; // rank of each symbol's merge with the next
  private int[] previous = new int[0];
  private int[] next = new int[0];
  private long[] heap = new long[0]; // rank << 32 | position
  private int heapSize;
  private int size;
  private int skipped;

  void clear() {
    size = 0;
    skipped = 0;
    if (ids.length > KEPT) {
      ids = new int[64];
      ends = new int[64];
      merges = new int[64];
      previous = new int[0];
      next = new int[0];
      heap = new long[0];
    }
  }

  int size() {
    return size;
  }

  int id(int i) {
    return ids[i];
  }

  /** First byte of symbol {@code i}. */
  int start(int i) {
    return i == 0 ? 0 : ends[i - 1];
  }

  /** One past the last byte of symbol {@code i}. */
  int end(int i) {
    return ends[i];
  }

  /** Appends a symbol that covers the next {@code bytes} bytes. */
  void add(int id, int bytes) {
    if (size == ids.length) {
      ids = Arrays.copyOf(ids, 2 * size);
      ends = Arrays.copyOf(ends, 2 * size);
      merges = Arrays.copyOf(merges, 2 * size);
    }
    ids[size] = id;
    ends[size] = start(size) + skipped + bytes;
    skipped = 0;
    size++;
  }

  /** Skips bytes that have no symbol; the next symbol covers them. */
  void skip(int bytes) {
    skipped += bytes;
  }

  /** Merges the pair of lowest rank, the leftmost of equal ones, until no pair merges. */
  void mergeAll(MergeTable table) {
    if (size <= SHORT) {
      mergeShort(table);
    } else {
      mergeLong(table);
    }
  }

  private void mergeShort(MergeTable table) {
    for (int i = 0; i + 1 < size; i++) {
      merges[i] = table.find(ids[i], ids[i + 1]);
    }
    while (size > 1) {
      int best = 0;
      for (int i = 1; i + 1 < size; i++) {
        if (merges[i] < merges[best]) {
          best = i;
        }
      }
      if (merges[best] == MergeTable.NONE) {
        return;
      }
      ids[best] = table.merged(merges[best]);
      ends[best] = ends[best + 1];
      size--;
      int moved = size - best - 1;
      System.arraycopy(ids, best + 2, ids, best + 1, moved);
      System.arraycopy(ends, best + 2, ends, best + 1, moved);
      System.arraycopy(merges, best + 1, merges, best, moved);
      if (best > 0) {
        merges[best - 1] = table.find(ids[best - 1], ids[best]);
      }
      if (best + 1 < size) {
        merges[best] = table.find(ids[best], ids[best + 1]);
      }
    }
  }

  /** Merges by a heap of candidate pairs and a linked list of symbols: n log n for n symbols. */
  private void mergeLong(MergeTable table) {
    prepareList();
    for (int i = 0; i + 1 < size; i++) {
      offer(table, i);
    }
    while (heapSize > 0) {
      long candidate = pop();
      int left = (int) candidate;
      int right = ids[left] < 0 ? -1 : next[left];
      if (right < 0 || merges[left] != (int) (candidate >>> 32)) {
        continue; // one of the two symbols has been merged since
      }
      ids[left] = table.merged(merges[left]);
      ends[left] = ends[right];
      ids[right] = -1;
      next[left] = next[right];
      merges[left] = MergeTable.NONE;
      if (next[left] >= 0) {
        previous[next[left]] = left;
        offer(table, left);
      }
      if (previous[left] >= 0) {
        offer(table, previous[left]);
      }
    }
    compact();
  }

  private void prepareList() {
    if (next.length < size) {
      next = new int[ids.length];
      previous = new int[ids.length];
    }
    // Each merge offers at most two pairs anew.
    if (heap.length < 3 * size) {
      heap = new long[3 * ids.length];
    }
    heapSize = 0;
    for (int i = 0; i < size; i++) {
      previous[i] = i - 1;
      next[i] = i + 1 < size ? i + 1 : -1;
    }
  }

  private void compact() {
    int kept = 0;
    for (int i = 0; i >= 0; i = next[i]) {
      ids[kept] = ids[i];
      ends[kept] = ends[i];
      kept++;
    }
    size = kept;
  }

  private void offer(MergeTable table, int left) {
    merges[left] = table.find(ids[left], ids[next[left]]);
    if (merges[left] == MergeTable.NONE) {
      return;
    }
    long candidate = (long) merges[left] << 32 | left;
    int child = heapSize++;
    while (child > 0 && heap[child - 1 >>> 1] > candidate) {
      heap[child] = heap[child - 1 >>> 1];
      child = child - 1 >>> 1;
    }
    heap[child] = candidate;
  }

  private long pop() {
    long top = heap[0];
    long last = heap[--heapSize];
    int hole = 0;
    while (2 * hole + 1 < heapSize) {
      int child = 2 * hole + 1;
      if (child + 1 < heapSize && heap[child + 1] < heap[child]) {
        child++;
      }
      if (heap[child] >= last) {
        break;
      }
      heap[hole] = heap[child];
      hole = child;
    }
    heap[hole] = last;
    return top;
  }
}
