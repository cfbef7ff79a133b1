package org.sparklora.model.engine;

/**
 * Draws the elements that dropout keeps, by a counter-based generator: any element's bit can be
 * drawn alone, in any order, and again in backward.
 *
 * <p>Element {@code i} is kept where {@code mix(mix(i·K1 + low) ^ high) >>> 8} is at least {@code
 * rate·2^24}; {@code low} and {@code high} are the halves of a 64-bit key of the seed and {@code
 * i}'s upper half. {@code mix} is MurmurHash3's 32-bit finalizer: only multiplications, shifts and
 * xors of ints, which vector units have.
 */
public final class DropoutMask {
  public static final int K1 =
      0x9E37_79B1; // 2^32 / golden ratio, odd: neighbouring counters land far apart
  public static final int K2 = 0x85EB_CA6B;
  public static final int K3 = 0xC2B2_AE35;

  private DropoutMask() {}

  /** The key of all elements whose 64-bit index has this upper half. */
  public static long key(long seed, long upperHalf) {
    // seeds that differ in one bit give unrelated keys
    return SplitMix64.mix(seed + SplitMix64.GAMMA * (upperHalf + 1));
  }

  /** The threshold of a rate: an element is kept when its 24 bits are at least this. */
  public static int threshold(float rate) {
    return Math.round(rate * 0x1p24f);
  }

  /** An element's 24 random bits. */
  public static int bits(long key, int counter) {
    int low = (int) key;
    int high = (int) (key >>> 32);
    return mix(mix(counter * K1 + low) ^ high) >>> 8;
  }

  private static int mix(int h) {
    h = (h ^ h >>> 16) * K2;
    h = (h ^ h >>> 13) * K3;
    return h ^ h >>> 16;
  }
}
