package org.sparklora.spark.regret;

/**
 * What an adapter can hold against what a dataset has to say (blog, "Capacity"): a network stores
 * about 2 bits a parameter (Allen-Zhu and Li, 2024), and typical text says about 1 bit a token to a
 * trained model.
 */
public final class Capacity {
  static final double BITS_PER_PARAMETER = 2;
  static final double BITS_PER_TOKEN = 1;

  private Capacity() {}

  /** Bits that so many trained parameters can hold. */
  public static double bits(long parameters) {
    return BITS_PER_PARAMETER * parameters;
  }

  /** Bits in so many target tokens, each seen for the first time. */
  public static double bitsOfData(long targetTokens) {
    return BITS_PER_TOKEN * targetTokens;
  }

  /**
   * The smallest rank that holds a dataset.
   *
   * @param parametersPerRank of the adapter: Σ (in + out) over the layers that carry it
   */
  public static long sufficientRank(long targetTokens, long parametersPerRank) {
    return Math.max(1, (long) Math.ceil(bitsOfData(targetTokens) / bits(parametersPerRank)));
  }
}
