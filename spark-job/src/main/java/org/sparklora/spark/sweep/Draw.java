package org.sparklora.spark.sweep;

import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * One way in which a sweep might have come out: which seeds it had, and which side of what its grid
 * leaves open is true. The latter is told apart by names: what has the same name is open in the
 * same way within a draw, as curves are whose grids and shapes are alike.
 *
 * @param seeds numbers of the seeds, some of which may be there several times
 * @param salt of all other choices; empty for what was measured, where the first choice is made
 */
record Draw(int[] seeds, OptionalLong salt) {
  private static final double MIDDLE = 0.5;

  /** All seeds, each once, and the usual choices: what a sweep reports. */
  static Draw measured(int seeds) {
    return new Draw(IntStream.range(0, seeds).toArray(), OptionalLong.empty());
  }

  /**
   * One of several, of which the first is the usual one.
   *
   * @param count at least one
   */
  int choice(String name, int count) {
    return salt.isEmpty() ? 0 : random(name).nextInt(count);
  }

  /** A share from 0 to 1, usually a half. */
  double share(String name) {
    return share(name, MIDDLE);
  }

  /** A share from 0 to 1 with its usual value. */
  double share(String name, double usual) {
    return salt.isEmpty() ? usual : random(name).nextDouble();
  }

  private SplittableRandom random(String name) {
    // the seeds of neighbouring draws differ in few bits: its own split mixes them
    return new SplittableRandom(salt.getAsLong() ^ ((long) name.hashCode() << 32)).split();
  }
}
