package org.sparklora.prep.curate;

import java.io.Serializable;
import java.util.function.DoubleUnaryOperator;

/**
 * Locality-sensitive hashing of signatures in bands (Leskovec et al., Mining of Massive Datasets,
 * 3.4): two texts are a candidate pair if all {@code rows} components of a band are equal, in any
 * band. A pair of Jaccard similarity s becomes one with probability {@code 1 - (1 - s^rows)^bands}.
 *
 * @param bands number of bands
 * @param rows components in each band
 */
public record LshBands(int bands, int rows) implements Serializable {
  /** No bands, hence no candidates. */
  static final LshBands NONE = new LshBands(0, 0);

  /**
   * A pair that is no candidate is never found, and a candidate that is not similar only costs the
   * comparison of its sets; datasketch, which does not compare them, weighs both by a half.
   */
  private static final double FALSE_NEGATIVE_WEIGHT = 0.9;

  private static final double STEP = 0.001; // of the numerical integral, as in datasketch

  /** The bands for candidates that are compared afterwards. */
  static LshBands of(double threshold) {
    return optimal(
        threshold, MinHash.PERMUTATIONS, 1 - FALSE_NEGATIVE_WEIGHT, FALSE_NEGATIVE_WEIGHT);
  }

  /**
   * The bands with the least weighted error, as datasketch's {@code _optimal_param} chooses them.
   * The error is the integral over s of the probability that a pair below the threshold becomes a
   * candidate, and that one above does not.
   */
  static LshBands optimal(
      double threshold, int permutations, double falsePositives, double falseNegatives) {
    LshBands best = new LshBands(1, 1);
    double least = Double.POSITIVE_INFINITY;
    for (int bands = 1; bands <= permutations; bands++) {
      for (int rows = 1; rows <= permutations / bands; rows++) {
        LshBands tried = new LshBands(bands, rows);
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
