package org.sparklora.prep.curate;

import java.util.Arrays;
import java.util.function.BiConsumer;
import java.util.stream.LongStream;
import org.sparklora.pipeline.table.TableException;

/**
 * The connected components of a graph of rows, by union-find on the driver. Not thread-safe.
 *
 * <p>Memory: 16 bytes a pair; while {@link #labels} runs, twice that and 20 bytes a row in a pair.
 */
final class Clusters {
  /** 1.6 GB. A pair joins two sets of shingles, so copies of a text count once. */
  private static final int MOST_PAIRS = 100_000_000;

  private long[] ends = new long[1 << 10]; // of each pair, two
  private int used;

  void connect(long a, long b) {
    if (used == 2 * MOST_PAIRS) {
      throw new TableException(
          "Cannot cluster more than %s pairs of near duplicates in the driver's memory: give --near_duplicates a higher threshold, or curate parts of the dataset first"
              .formatted(MOST_PAIRS));
    }
    if (used == ends.length) {
      ends = Arrays.copyOf(ends, (int) Math.min(2L * used, 2L * MOST_PAIRS));
    }
    ends[used++] = a;
    ends[used++] = b;
  }

  /** Passes on each row that is in a pair, in order, with the first row of its cluster. */
  void labels(BiConsumer<Long, Long> label) {
    long[] rows = LongStream.of(ends).limit(used).sorted().distinct().toArray();
    int[] parents = new int[rows.length];
    Arrays.setAll(parents, i -> i);
    for (int i = 0; i < used; i += 2) {
      int a = root(parents, Arrays.binarySearch(rows, ends[i]));
      int b = root(parents, Arrays.binarySearch(rows, ends[i + 1]));
      parents[Math.max(a, b)] = Math.min(a, b); // the first row is the root
    }
    for (int i = 0; i < rows.length; i++) {
      label.accept(rows[i], rows[root(parents, i)]);
    }
  }

  private static int root(int[] parents, int node) {
    int at = node;
    while (parents[at] != at) {
      parents[at] = parents[parents[at]];
      at = parents[at];
    }
    return at;
  }
}
