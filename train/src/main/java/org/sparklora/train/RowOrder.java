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
}
