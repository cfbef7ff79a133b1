package org.sparklora.model.engine.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The inner loop of {@link VectorSingleQuery}: the products of 4 rows by 4 rows, whose sums stay in
 * registers. What it leaves are vectors, whose lanes {@link LaneSums} adds.
 *
 * <p>It is written out for the compiler of JDK 17, which keeps vectors in registers only where it
 * inlines every call that makes or takes one: the JDK's own always, others not before they have run
 * often. Each costs some 400 nodes, by estimate. From 18,000 on (NodeCountInliningCutoff) the
 * compiler puts off what is left to inline, and then the vectors that are stored last become
 * objects, now and then and a gigabyte of them a second: no method here may come near.
 */
final class DotTile {
  /** Rows of each operand. */
  static final int ROWS = 4;

  private static final VectorSpecies<Float> SPECIES = VectorMath.SPECIES;
  private static final int LANES = VectorMath.LANES;

  private DotTile() {}

  /**
   * {@code lanes[4·i + j] = x[i] · w[j]}, lane by lane.
   *
   * @param x from {@code x0} on 4 rows of {@code length} elements, a multiple of the vector length
   * @param w from {@code w0} on the same of w, each row {@code stride} after the last
   * @param lanes {@code (16, LANES)}, overwritten
   */
  static void floats(float[] x, int x0, float[] w, int w0, int stride, int length, float[] lanes) {
    FloatVector zero = FloatVector.zero(SPECIES);
    FloatVector s00 = zero, s01 = zero, s02 = zero, s03 = zero;
    FloatVector s10 = zero, s11 = zero, s12 = zero, s13 = zero;
    FloatVector s20 = zero, s21 = zero, s22 = zero, s23 = zero;
    FloatVector s30 = zero, s31 = zero, s32 = zero, s33 = zero;
    int x1 = x0 + length, x2 = x1 + length, x3 = x2 + length;
    int w1 = w0 + stride, w2 = w1 + stride, w3 = w2 + stride;
    for (int i = 0; i < length; i += LANES) {
      FloatVector a = FloatVector.fromArray(SPECIES, w, w0 + i);
      FloatVector b = FloatVector.fromArray(SPECIES, w, w1 + i);
      FloatVector c = FloatVector.fromArray(SPECIES, w, w2 + i);
      FloatVector d = FloatVector.fromArray(SPECIES, w, w3 + i);
      FloatVector row = FloatVector.fromArray(SPECIES, x, x0 + i);
      s00 = row.fma(a, s00);
      s01 = row.fma(b, s01);
      s02 = row.fma(c, s02);
      s03 = row.fma(d, s03);
      row = FloatVector.fromArray(SPECIES, x, x1 + i);
      s10 = row.fma(a, s10);
      s11 = row.fma(b, s11);
      s12 = row.fma(c, s12);
      s13 = row.fma(d, s13);
      row = FloatVector.fromArray(SPECIES, x, x2 + i);
      s20 = row.fma(a, s20);
      s21 = row.fma(b, s21);
      s22 = row.fma(c, s22);
      s23 = row.fma(d, s23);
      row = FloatVector.fromArray(SPECIES, x, x3 + i);
      s30 = row.fma(a, s30);
      s31 = row.fma(b, s31);
      s32 = row.fma(c, s32);
      s33 = row.fma(d, s33);
    }
    s00.intoArray(lanes, 0);
    s01.intoArray(lanes, LANES);
    s02.intoArray(lanes, 2 * LANES);
    s03.intoArray(lanes, 3 * LANES);
    s10.intoArray(lanes, 4 * LANES);
    s11.intoArray(lanes, 5 * LANES);
    s12.intoArray(lanes, 6 * LANES);
    s13.intoArray(lanes, 7 * LANES);
    s20.intoArray(lanes, 8 * LANES);
    s21.intoArray(lanes, 9 * LANES);
    s22.intoArray(lanes, 10 * LANES);
    s23.intoArray(lanes, 11 * LANES);
    s30.intoArray(lanes, 12 * LANES);
    s31.intoArray(lanes, 13 * LANES);
    s32.intoArray(lanes, 14 * LANES);
    s33.intoArray(lanes, 15 * LANES);
  }
}
