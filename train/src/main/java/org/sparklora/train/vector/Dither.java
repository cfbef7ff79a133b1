package org.sparklora.train.vector;

import java.io.Serializable;

/**
 * The random numbers of stochastic rounding. Each is a function of seed and index alone, so that a
 * vector that is rounded in parts has the bits of one that is rounded whole.
 *
 * @param seed of the random numbers
 * @param first index of the vector's first element
 */
public record Dither(long seed, long first) implements Serializable {
  /** For types that are not rounded at random. */
  public static final Dither NONE = new Dither(0, 0);

  /** Distances of the seeds of steps and places: odd, so that small numbers give unlike seeds. */
  private static final long STEP = 0x9E37_79B9_7F4A_7C15L;

  private static final long PLACE = 0xC2B2_AE3D_27D4_EB4FL;

  /** The numbers for a vector that is sent in a round. */
  public static Dither of(long seed, int step, int place) {
    return new Dither(seed + STEP * (step + 1) + PLACE * (place + 1), 0);
  }

  /** The numbers of the same vector from an element on. */
  public Dither from(long element) {
    return new Dither(seed, first + element);
  }
}
