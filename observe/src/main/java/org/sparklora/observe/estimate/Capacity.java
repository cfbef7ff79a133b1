package org.sparklora.observe.estimate;

/**
 * Compares an adapter's capacity with a dataset's information (blog, "Capacity"): a network stores
 * about 2 bits per parameter (Allen-Zhu and Li, 2024), and typical text has about 1 bit per token
 * for a trained model.
 */
public final class Capacity {
  static final double BITS_PER_PARAMETER = 2;
  static final double BITS_PER_TOKEN = 1;

  private Capacity() {}

  /** Capacity of trained parameters, in bits. */
  public static double bits(long parameters) {
    return BITS_PER_PARAMETER * parameters;
  }

  /** Information in target tokens seen for the first time, in bits. */
  public static double bitsOfData(long targetTokens) {
    return BITS_PER_TOKEN * targetTokens;
  }

  /**
   * The smallest rank that holds a dataset.
   *
   * @param parametersPerRank Σ (in + out) over the layers with the adapter
   */
  public static long sufficientRank(long targetTokens, long parametersPerRank) {
    return Math.max(1, (long) Math.ceil(bitsOfData(targetTokens) / bits(parametersPerRank)));
  }
}
