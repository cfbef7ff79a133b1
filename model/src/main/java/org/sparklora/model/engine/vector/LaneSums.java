package org.sparklora.model.engine.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;

/**
 * Sums the lanes of 16 vectors at once: folds two vectors into one that holds the half sums of
 * both, and so on, so that a sum costs one addition instead of one per lane ({@code reduceLanes}
 * keeps an order of floating-point additions).
 *
 * <p>All 16 sums are the same tree of additions.
 */
final class LaneSums {
  /** Vectors that are summed at once, a multiple of the vector length of 4, 8 or 16. */
  static final int VECTORS = 16;

  private static final int LANES = VectorMath.LANES;
  private static final VectorMask<Float> UPPER_8 = upper(8);
  private static final VectorMask<Float> UPPER_4 = upper(4);
  private static final VectorMask<Float> UPPER_2 = upper(2);
  private static final VectorMask<Float> UPPER_1 = upper(1);
  private static final VectorShuffle<Float> SWAPPED_8 = swapped(8);
  private static final VectorShuffle<Float> SWAPPED_4 = swapped(4);
  private static final VectorShuffle<Float> SWAPPED_2 = swapped(2);
  private static final VectorShuffle<Float> SWAPPED_1 = swapped(1);

  private LaneSums() {}

  /** Selects the upper of each two groups of {@code half} lanes. */
  private static VectorMask<Float> upper(int half) {
    long bits = 0;
    for (int lane = 0; lane < LANES; lane++) {
      bits |= (lane & half) != 0 ? 1L << lane : 0;
    }
    return VectorMask.fromLong(VectorMath.SPECIES, bits);
  }

  /** Exchanges each two groups of {@code half} lanes. */
  private static VectorShuffle<Float> swapped(int half) {
    return VectorShuffle.fromOp(VectorMath.SPECIES, lane -> (lane ^ half) % LANES);
  }

  /**
   * @param lanes {@code (16, LANES)}; then the first 16 elements are the sums, the others arbitrary
   */
  static void sum(float[] lanes) {
    if (LANES == 16) {
      sumInRegisters(lanes);
      return;
    }
    if (LANES >= 8) {
      fold(lanes, 4, UPPER_4, SWAPPED_4);
    }
    fold(lanes, 2, UPPER_2, SWAPPED_2);
    fold(lanes, 1, UPPER_1, SWAPPED_1);
  }

  // Each level halves the number of vectors: it folds vectors a and b into (a.lower + a.upper,
  // b.upper + b.lower) of each two groups of lanes.

  /**
   * Sums for 16 lanes. {@link #fold}, through memory level by level, takes half as long again; a
   * single method would be too large: see {@link FewRowsTile}.
   */
  private static void sumInRegisters(float[] lanes) {
    for (int i = 0; i < 4 * LANES; i += LANES) {
      FloatVector a = FloatVector.fromArray(VectorMath.SPECIES, lanes, i);
      FloatVector b = FloatVector.fromArray(VectorMath.SPECIES, lanes, i + 4 * LANES);
      FloatVector c = FloatVector.fromArray(VectorMath.SPECIES, lanes, i + 8 * LANES);
      FloatVector d = FloatVector.fromArray(VectorMath.SPECIES, lanes, i + 12 * LANES);
      a = a.blend(c, UPPER_8).add(c.blend(a, UPPER_8).rearrange(SWAPPED_8));
      b = b.blend(d, UPPER_8).add(d.blend(b, UPPER_8).rearrange(SWAPPED_8));
      a.blend(b, UPPER_4).add(b.blend(a, UPPER_4).rearrange(SWAPPED_4)).intoArray(lanes, i);
    }
    FloatVector a = FloatVector.fromArray(VectorMath.SPECIES, lanes, 0);
    FloatVector b = FloatVector.fromArray(VectorMath.SPECIES, lanes, LANES);
    FloatVector c = FloatVector.fromArray(VectorMath.SPECIES, lanes, 2 * LANES);
    FloatVector d = FloatVector.fromArray(VectorMath.SPECIES, lanes, 3 * LANES);
    a = a.blend(c, UPPER_2).add(c.blend(a, UPPER_2).rearrange(SWAPPED_2));
    b = b.blend(d, UPPER_2).add(d.blend(b, UPPER_2).rearrange(SWAPPED_2));
    a.blend(b, UPPER_1).add(b.blend(a, UPPER_1).rearrange(SWAPPED_1)).intoArray(lanes, 0);
  }

  /**
   * Folds {@code VECTORS · 2 · half / LANES} vectors into half as many, in which each group of
   * {@code half} lanes holds the sums of one vector.
   */
  private static void fold(
      float[] lanes, int half, VectorMask<Float> upper, VectorShuffle<Float> swapped) {
    int group = 2 * half * LANES; // elements that fold into one vector's groups
    int to = 0;
    for (int g = 0; g < VECTORS * 2 * half; g += group) {
      for (int i = g; i < g + group / 2; i += LANES) {
        FloatVector a = FloatVector.fromArray(VectorMath.SPECIES, lanes, i);
        FloatVector b = FloatVector.fromArray(VectorMath.SPECIES, lanes, i + group / 2);
        a.blend(b, upper).add(b.blend(a, upper).rearrange(swapped)).intoArray(lanes, to);
        to += LANES;
      }
    }
  }
}
