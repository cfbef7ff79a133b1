package org.sparklora.prep.curate;

import java.nio.ByteBuffer;

/** Sets of shingles, each sorted, as a column of bytes holds them. */
final class ShingleSet {
  private ShingleSet() {}

  static byte[] pack(long[] shingles) {
    ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES * shingles.length);
    bytes.asLongBuffer().put(shingles);
    return bytes.array();
  }

  static long[] unpack(byte[] bytes) {
    long[] shingles = new long[bytes.length / Long.BYTES];
    ByteBuffer.wrap(bytes).asLongBuffer().get(shingles);
    return shingles;
  }

  /** Whether {@link #jaccard} of two packed sets is at least {@code threshold}. */
  static boolean areSimilar(byte[] a, byte[] b, double threshold) {
    int fewer = Math.min(a.length, b.length);
    return fewer >= threshold * Math.max(a.length, b.length)
        && jaccard(unpack(a), unpack(b)) >= threshold;
  }

  /** The Jaccard similarity, {@code |A ∩ B| / |A ∪ B|}; not both may be empty. */
  static double jaccard(long[] a, long[] b) {
    int common = 0;
    int i = 0;
    int j = 0;
    while (i < a.length && j < b.length) {
      if (a[i] == b[j]) {
        common++;
        i++;
        j++;
      } else if (a[i] < b[j]) {
        i++;
      } else {
        j++;
      }
    }
    return (double) common / (a.length + b.length - common);
  }
}
