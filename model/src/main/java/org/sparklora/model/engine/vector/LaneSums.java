package org.sparklora.model.engine.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;

/**
 * The sums of the lanes of 16 vectors at once: two vectors are folded into one that holds the half
 * sums of both, and so on, so that a sum costs one addition where one after the other costs as many
 * as there are lanes ({@code reduceLanes} keeps an order of floating-point additions).
 *
 * <p>Every sum is the same tree of additions, whichever of the 16 it is.
 */
final class LaneSums {
  /** Vectors that are summed at once, a multiple of their length of 4, 8 or 16. */
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

  /** The upper of each two groups of {@code half} lanes. */
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
   * @param lanes {@code (16, LANES)}; afterwards its first 16 elements are the sums, the rest is
   *     arbitrary
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

  // Each level halves the vectors; those that are folded lie half of what makes one vector apart,
  // and become (a.lower + a.upper, b.upper + b.lower) of each two groups of lanes.

  /** For 16 lanes. Level by level through memory, as below, it takes half as long again. */
  private static void sumInRegisters(float[] lanes) {
    FloatVector v0 = FloatVector.fromArray(VectorMath.SPECIES, lanes, 0);
    FloatVector v1 = FloatVector.fromArray(VectorMath.SPECIES, lanes, LANES);
    FloatVector v2 = FloatVector.fromArray(VectorMath.SPECIES, lanes, 2 * LANES);
    FloatVector v3 = FloatVector.fromArray(VectorMath.SPECIES, lanes, 3 * LANES);
    FloatVector v4 = FloatVector.fromArray(VectorMath.SPECIES, lanes, 4 * LANES);
    FloatVector v5 = FloatVector.fromArray(VectorMath.SPECIES, lanes, 5 * LANES);
    FloatVector v6 = FloatVector.fromArray(VectorMath.SPECIES, lanes, 6 * LANES);
    FloatVector v7 = FloatVector.fromArray(VectorMath.SPECIES, lanes, 7 * LANES);
    FloatVector v8 = FloatVector.fromArray(VectorMath.SPECIES, lanes, 8 * LANES);
    FloatVector v9 = FloatVector.fromArray(VectorMath.SPECIES, lanes, 9 * LANES);
    FloatVector v10 = FloatVector.fromArray(VectorMath.SPECIES, lanes, 10 * LANES);
    FloatVector v11 = FloatVector.fromArray(VectorMath.SPECIES, lanes, 11 * LANES);
    FloatVector v12 = FloatVector.fromArray(VectorMath.SPECIES, lanes, 12 * LANES);
    FloatVector v13 = FloatVector.fromArray(VectorMath.SPECIES, lanes, 13 * LANES);
    FloatVector v14 = FloatVector.fromArray(VectorMath.SPECIES, lanes, 14 * LANES);
    FloatVector v15 = FloatVector.fromArray(VectorMath.SPECIES, lanes, 15 * LANES);
    v0 = v0.blend(v8, UPPER_8).add(v8.blend(v0, UPPER_8).rearrange(SWAPPED_8));
    v1 = v1.blend(v9, UPPER_8).add(v9.blend(v1, UPPER_8).rearrange(SWAPPED_8));
    v2 = v2.blend(v10, UPPER_8).add(v10.blend(v2, UPPER_8).rearrange(SWAPPED_8));
    v3 = v3.blend(v11, UPPER_8).add(v11.blend(v3, UPPER_8).rearrange(SWAPPED_8));
    v4 = v4.blend(v12, UPPER_8).add(v12.blend(v4, UPPER_8).rearrange(SWAPPED_8));
    v5 = v5.blend(v13, UPPER_8).add(v13.blend(v5, UPPER_8).rearrange(SWAPPED_8));
    v6 = v6.blend(v14, UPPER_8).add(v14.blend(v6, UPPER_8).rearrange(SWAPPED_8));
    v7 = v7.blend(v15, UPPER_8).add(v15.blend(v7, UPPER_8).rearrange(SWAPPED_8));
    v0 = v0.blend(v4, UPPER_4).add(v4.blend(v0, UPPER_4).rearrange(SWAPPED_4));
    v1 = v1.blend(v5, UPPER_4).add(v5.blend(v1, UPPER_4).rearrange(SWAPPED_4));
    v2 = v2.blend(v6, UPPER_4).add(v6.blend(v2, UPPER_4).rearrange(SWAPPED_4));
    v3 = v3.blend(v7, UPPER_4).add(v7.blend(v3, UPPER_4).rearrange(SWAPPED_4));
    v0 = v0.blend(v2, UPPER_2).add(v2.blend(v0, UPPER_2).rearrange(SWAPPED_2));
    v1 = v1.blend(v3, UPPER_2).add(v3.blend(v1, UPPER_2).rearrange(SWAPPED_2));
    v0 = v0.blend(v1, UPPER_1).add(v1.blend(v0, UPPER_1).rearrange(SWAPPED_1));
    v0.intoArray(lanes, 0);
  }

  /**
   * Where groups of {@code half} lanes are sums of one vector, there are {@code VECTORS · 2 · half
   * / LANES} vectors before and half as many after.
   */
  private static void fold(
      float[] lanes, int half, VectorMask<Float> upper, VectorShuffle<Float> swapped) {
    int group = 2 * half * LANES; // elements of what is folded into vectors of one group
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
