package org.sparklora.model.engine;

/**
 * The generator of Steele, Lea and Flood (2014), the source of all random numbers of this module.
 * Implemented here because its numbers must not change with the Java version.
 */
public final class SplitMix64 {
  /** 2^64 / golden ratio, odd: the increment of the state. */
  public static final long GAMMA = 0x9E37_79B9_7F4A_7C15L;

  private SplitMix64() {}

  /** The finalizer: each bit of the result depends on all bits of {@code state}. */
  public static long mix(long state) {
    long z = (state ^ state >>> 30) * 0xBF58_476D_1CE4_E5B9L;
    z = (z ^ z >>> 27) * 0x94D0_49BB_1331_11EBL;
    return z ^ z >>> 31;
  }

  /** A number in [0, 1) by counter: each coordinate is mixed into the seed. */
  public static double uniform(long seed, long... coordinates) {
    long state = mix(seed + GAMMA);
    for (long coordinate : coordinates) {
      state = mix((state ^ coordinate) + GAMMA);
    }
    return unit(state);
  }

  /** A number in [0, 1) from the upper bits of a result of {@link #mix}. */
  public static double unit(long mixed) {
    return (mixed >>> 11) * 0x1p-53;
  }
}
