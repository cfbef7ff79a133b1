package org.sparklora.prep.curate;

import java.util.Arrays;

/**
 * MinHash signatures (Broder, 1997): component p is the least value of the hash function {@code
 * h_p(x) = (a_p · x + b_p mod 2^64) >> 32} over a set. Two sets have an equal component with a
 * probability of their Jaccard similarity. The functions are the same in every run.
 */
final class MinHash {
  static final int PERMUTATIONS = 128;

  private static final long[] FACTORS = new long[PERMUTATIONS]; // a_p, odd
  private static final long[] TERMS = new long[PERMUTATIONS]; // b_p

  static {
    for (int p = 0; p < PERMUTATIONS; p++) {
      FACTORS[p] = Words.mixed(2L * p + 1) | 1;
      TERMS[p] = Words.mixed(2L * p + 2);
    }
  }

  private MinHash() {}

  /**
   * The signature of a set.
   *
   * @param shingles hashes of 64 bits, at least one
   * @return one component per permutation
   */
  static int[] signature(long[] shingles) {
    int[] least = new int[PERMUTATIONS];
    Arrays.fill(least, Integer.MAX_VALUE);
    for (long shingle : shingles) {
      for (int p = 0; p < PERMUTATIONS; p++) {
        least[p] = Math.min(least[p], (int) ((FACTORS[p] * shingle + TERMS[p]) >>> 32));
      }
    }
    return least;
  }
}
