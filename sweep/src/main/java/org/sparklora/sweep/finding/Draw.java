package org.sparklora.sweep.finding;

import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * One bootstrap draw of a sweep: its seeds, and random choices where the grid leaves the result
 * uncertain. Each choice has a name; within a draw equal names give equal choices, for curves with
 * similar grids and shapes.
 *
 * @param seeds indices of seeds, possibly repeated
 * @param salt random seed of the named choices; empty for the measured result, with default choices
 */
record Draw(int[] seeds, OptionalLong salt) {
  private static final double MIDDLE = 0.5;

  /** The measured result: each seed once, and default choices. */
  static Draw measured(int seeds) {
    return new Draw(IntStream.range(0, seeds).toArray(), OptionalLong.empty());
  }

  /** A choice among {@code count}, at least one, from 0 on; 0 by default. */
  int choice(String name, int count) {
    return salt.isEmpty() ? 0 : random(name).nextInt(count);
  }

  /** A share from 0 to 1; a half by default. */
  double share(String name) {
    return share(name, MIDDLE);
  }

  /** A share from 0 to 1; {@code usual} by default. */
  double share(String name, double usual) {
    return salt.isEmpty() ? usual : random(name).nextDouble();
  }

  private SplittableRandom random(String name) {
    // salts and names differ in few bits: split() mixes them
    return new SplittableRandom(salt.getAsLong() ^ ((long) name.hashCode() << 32)).split();
  }
}
