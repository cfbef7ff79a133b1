package org.sparklora.model.generate;

/**
 * Uniform random numbers by counter: the number of a token is a function of the seed and of the
 * token's place alone, so it can be drawn on any machine, in any order, and again after a failure.
 *
 * <p>Each coordinate is mixed in with SplitMix64's finalizer (Steele, Lea and Flood, 2014).
 */
final class RandomStream {
  private static final long GAMMA = 0x9E37_79B9_7F4A_7C15L;

  private RandomStream() {}

  /**
   * @param prompt id of the prompt
   * @param completion which of the prompt's completions
   * @param token which of the completion's tokens
   * @return a number in [0, 1)
   */
  static double uniform(long seed, long prompt, int completion, int token) {
    long state = mix(seed + GAMMA);
    state = mix((state ^ prompt) + GAMMA);
    state = mix((state ^ completion) + GAMMA);
    state = mix((state ^ token) + GAMMA);
    return (state >>> 11) * 0x1p-53;
  }

  private static long mix(long z) {
    z = (z ^ z >>> 30) * 0xBF58_476D_1CE4_E5B9L;
    z = (z ^ z >>> 27) * 0x94D0_49BB_1331_11EBL;
    return z ^ z >>> 31;
  }
}
