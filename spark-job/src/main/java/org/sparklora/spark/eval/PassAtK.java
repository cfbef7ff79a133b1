package org.sparklora.spark.eval;

import java.util.Arrays;

/**
 * The chance that at least one of k completions of a problem is right (Chen et al., 2021,
 * "Evaluating Large Language Models Trained on Code"), with its confidence interval.
 *
 * @param value mean over the problems
 * @param low end of the {@value #CONFIDENCE} per cent interval, over the choice of problems
 * @param high end of the interval
 */
record PassAtK(double value, double low, double high) {
  private static final int CONFIDENCE = 95;
  private static final double QUANTILE = 1.959964; // of the normal distribution, both tails

  /**
   * The unbiased estimate for one problem, {@code 1 − C(n−c, k) / C(n, k)}: the share of all
   * choices of k of its completions that contain a right one.
   *
   * @param n completions, at least k
   * @param c right completions
   */
  static double of(int n, int c, int k) {
    double noneRight = 1;
    for (int i = 0; i < k; i++) {
      noneRight *= Math.max(0, (double) (n - c - i) / (n - i));
    }
    return 1 - noneRight;
  }

  /**
   * The mean over problems. If each estimate is 0 or 1, the interval is Wilson's; else the normal
   * interval of the mean, cut to 0 and 1.
   *
   * @param problems estimate of each, {@code (P)}; at least one
   */
  static PassAtK over(double[] problems) {
    int count = problems.length;
    double mean = Arrays.stream(problems).average().orElseThrow();
    if (Arrays.stream(problems).allMatch(value -> value == 0 || value == 1)) {
      return wilson(mean, count);
    }
    double squares = Arrays.stream(problems).map(value -> (value - mean) * (value - mean)).sum();
    double half = count < 2 ? 1 : QUANTILE * Math.sqrt(squares / (count - 1) / count);
    return new PassAtK(mean, Math.max(0, mean - half), Math.min(1, mean + half));
  }

  private static PassAtK wilson(double share, int count) {
    double square = QUANTILE * QUANTILE;
    double middle = (share + square / (2 * count)) / (1 + square / count);
    double half =
        QUANTILE
            / (1 + square / count)
            * Math.sqrt(share * (1 - share) / count + square / (4.0 * count * count));
    return new PassAtK(share, share == 0 ? 0 : middle - half, share == 1 ? 1 : middle + half);
  }
}
