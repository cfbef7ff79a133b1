package org.sparklora.train;

import java.util.stream.IntStream;

/**
 * The order in which an epoch visits the rows of a table ({@code train_sampling_strategy}).
 *
 * <p>{@link #RANDOM} is the order of transformers' trainer: accelerate's {@code
 * SeedableRandomSampler} reseeds PyTorch's generator with seed + epoch, and {@code torch.randperm}
 * shuffles.
 */
public enum RowOrder {
  RANDOM,
  SEQUENTIAL;

  /** The rows 0 … count − 1 in the order of an epoch (the first is 0). */
  public int[] rows(int count, long seed, int epoch) {
    int[] rows = IntStream.range(0, count).toArray();
    if (this == RANDOM) {
      shuffle(rows, new MersenneTwister(seed + epoch));
    }
    return rows;
  }

  /** {@code torch.randperm}: swaps element i with element i + (32 random bits modulo count − i). */
  private static void shuffle(int[] rows, MersenneTwister random) {
    for (int i = 0; i < rows.length - 1; i++) {
      int other = i + (int) (random.nextUnsigned() % (rows.length - i));
      int row = rows[i];
      rows[i] = rows[other];
      rows[other] = row;
    }
  }

  /**
   * The 32-bit Mersenne Twister (Matsumoto and Nishimura, 1998) seeded as PyTorch's CPU generator
   * is, so that shuffles come out in PyTorch's order. Not thread-safe.
   */
  private static final class MersenneTwister {
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
}
