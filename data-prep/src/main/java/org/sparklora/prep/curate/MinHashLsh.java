package org.sparklora.prep.curate;

import java.io.Serializable;
import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;

/**
 * Locality-sensitive hashing of MinHash signatures.
 *
 * <p>Component p of a signature (Broder, 1997) is the least value of the hash function {@code
 * h_p(x) = (a_p · x + b_p mod 2^64) >> 32} over a set. Two sets have an equal component with a
 * probability of their Jaccard similarity. The functions are the same in every run.
 *
 * <p>Two texts are a candidate pair (Leskovec et al., Mining of Massive Datasets, 3.4) if all
 * {@code rows} components of a band are equal, in any band. A pair of Jaccard similarity s becomes
 * one with probability {@code 1 - (1 - s^rows)^bands}.
 *
 * @param rows components in each band
 */
public record MinHashLsh(int bands, int rows) implements Serializable {
  /** No bands, hence no candidates. */
  static final MinHashLsh NONE = new MinHashLsh(0, 0);

  /**
   * A pair that is no candidate is never found, and a candidate that is not similar only costs the
   * comparison of its sets; datasketch, which does not compare them, weighs both by a half.
   */
  private static final double FALSE_NEGATIVE_WEIGHT = 0.9;

  private static final double STEP = 0.001; // of the numerical integral, as in datasketch

  static final int PERMUTATIONS = 128;
  private static final long[] FACTORS = new long[PERMUTATIONS]; // a_p, odd
  private static final long[] TERMS = new long[PERMUTATIONS]; // b_p

  static {
    for (int p = 0; p < PERMUTATIONS; p++) {
      FACTORS[p] = Words.mixed(2L * p + 1) | 1;
      TERMS[p] = Words.mixed(2L * p + 2);
    }
  }

  /** The bands for candidates that are compared afterwards; none for a threshold of 0. */
  static MinHashLsh of(double threshold) {
    return threshold > 0
        ? optimal(threshold, PERMUTATIONS, 1 - FALSE_NEGATIVE_WEIGHT, FALSE_NEGATIVE_WEIGHT)
        : NONE;
  }

  /**
   * The bands with the least weighted error, as datasketch's {@code _optimal_param} chooses them.
   * The error is the integral over s of the probability that a pair below the threshold becomes a
   * candidate, and that one above does not.
   */
  static MinHashLsh optimal(
      double threshold, int permutations, double falsePositives, double falseNegatives) {
    MinHashLsh best = new MinHashLsh(1, 1);
    double least = Double.POSITIVE_INFINITY;
    for (int bands = 1; bands <= permutations; bands++) {
      for (int rows = 1; rows <= permutations / bands; rows++) {
        MinHashLsh tried = new MinHashLsh(bands, rows);
        double error =
            falsePositives * integral(tried::probability, 0, threshold)
                + falseNegatives * integral(s -> 1 - tried.probability(s), threshold, 1);
        if (error < least) {
          least = error;
          best = tried;
        }
      }
    }
    return best;
  }

  private double probability(double similarity) {
    return 1 - Math.pow(1 - Math.pow(similarity, rows), bands);
  }

  private static double integral(DoubleUnaryOperator function, double from, double to) {
    double area = 0;
    for (double x = from; x < to; x += STEP) {
      area += function.applyAsDouble(x + 0.5 * STEP) * STEP;
    }
    return area;
  }

  /** The signature of a set with at least one hash: one component per permutation. */
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

  /** The bucket of each band: a hash of its number and its components. */
  long[] buckets(int[] signature) {
    long[] buckets = new long[bands];
    for (int band = 0; band < bands; band++) {
      long hash = band;
      for (int row = 0; row < rows; row++) {
        hash = Words.mixed(hash ^ signature[band * rows + row]) * 31 + row;
      }
      buckets[band] = Words.mixed(hash);
    }
    return buckets;
  }
}
