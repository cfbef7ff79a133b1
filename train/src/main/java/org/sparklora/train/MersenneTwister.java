package org.sparklora.train;

/**
 * The 32-bit Mersenne Twister (Matsumoto and Nishimura, 1998) seeded as PyTorch's CPU generator is,
 * so that shuffles come out in PyTorch's order.
 *
 * <p>Not thread-safe.
 */
final class MersenneTwister {
  private static final int SIZE = 624;
  private static final int SHIFT = 397;
  private static final int TWIST = 0x9908b0df;
  private static final int UPPER = 0x80000000;

  private final int[] state = new int[SIZE];
  private int next = SIZE;

  /** Only the lower 32 bits of the seed count, as in PyTorch. */
  MersenneTwister(long seed) {
    state[0] = (int) seed;
    for (int i = 1; i < SIZE; i++) {
      state[i] = 1812433253 * (state[i - 1] ^ (state[i - 1] >>> 30)) + i;
    }
  }

  /** The next 32 random bits as an unsigned number. */
  long nextUnsigned() {
    if (next == SIZE) {
      refill();
    }
    int bits = state[next++];
    bits ^= bits >>> 11;
    bits ^= (bits << 7) & 0x9d2c5680;
    bits ^= (bits << 15) & 0xefc60000;
    bits ^= bits >>> 18;
    return Integer.toUnsignedLong(bits);
  }

  private void refill() {
    for (int i = 0; i < SIZE; i++) {
      int mixed = (state[i] & UPPER) | (state[(i + 1) % SIZE] & ~UPPER);
      state[i] = state[(i + SHIFT) % SIZE] ^ (mixed >>> 1) ^ ((mixed & 1) == 0 ? 0 : TWIST);
    }
    next = 0;
  }
}
