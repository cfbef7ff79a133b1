package org.sparklora.model.engine.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The inner loops of {@link VectorFewRows}: products of 4 rows of x by some rows of a weight, whose
 * sums stay in registers. Each result is a vector, whose lanes {@link LaneSums} adds.
 *
 * <p>The loops are written out for the compiler of JDK 17, which keeps vectors in registers only if
 * it inlines every call that makes or takes a vector: the JDK's own methods always, others only
 * after they have run often. Each such call costs an estimated 400 nodes. From 18,000 nodes on
 * (NodeCountInliningCutoff) the compiler delays further inlining, and the vectors stored last
 * sometimes become heap objects, a gigabyte per second: methods here must stay far below.
 */
final class FewRowsTile {
  /** Rows of x in a tile, and rows of a float32 weight. */
  static final int ROWS = 4;

  /** Rows of a bfloat16 weight in a tile. */
  static final int HALVES_ROWS = 3;

  private static final VectorSpecies<Float> SPECIES = VectorMath.SPECIES;
  private static final int LANES = VectorMath.LANES;
  private static final VectorSpecies<Short> SHORTS =
      VectorSpecies.of(short.class, VectorMath.SPECIES.vectorShape());
  private static final ShortVector UPPER = // the upper halves of 32-bit lanes
      IntVector.broadcast(VectorMath.INTS, 0xffff0000).reinterpretAsShorts();

  private FewRowsTile() {}

  /**
   * {@code lanes[4·i + j] = x[i] · w[j]}, lane by lane.
   *
   * @param x from {@code x0} on 4 rows of {@code length} elements, a multiple of the vector length
   * @param w from {@code w0} on 4 such rows of the weight, {@code stride} apart
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

  /**
   * {@code lanes[3·i + j] = x[i] · w[j]} for 3 rows of a weight in bfloat16, the upper half of a
   * float32. Elements of odd number are the upper halves of 32-bit lanes, with the lower ones
   * cleared; elements of even number are the upper halves if the vector is read one element
   * earlier. So no element moves to another lane, if {@link #pair} arranged x.
   *
   * @param x as {@link #pair} arranges it, 4 rows of {@code length} elements, a multiple of twice
   *     the vector length
   * @param w0 at least 1
   * @param lanes {@code (12, LANES)}, overwritten
   */
  static void halves(float[] x, int x0, short[] w, int w0, int length, float[] lanes) {
    FloatVector zero = FloatVector.zero(SPECIES);
    FloatVector s00 = zero, s01 = zero, s02 = zero;
    FloatVector s10 = zero, s11 = zero, s12 = zero;
    FloatVector s20 = zero, s21 = zero, s22 = zero;
    FloatVector s30 = zero, s31 = zero, s32 = zero;
    int x1 = x0 + length, x2 = x1 + length, x3 = x2 + length;
    int w1 = w0 + length, w2 = w1 + length;
    for (int i = 0; i < length; i += LANES) {
      int j = (i & -2 * LANES) + (i & LANES) / LANES - 1; // even and odd elements alternate
      FloatVector a = ShortVector.fromArray(SHORTS, w, w0 + j).and(UPPER).reinterpretAsFloats();
      FloatVector b = ShortVector.fromArray(SHORTS, w, w1 + j).and(UPPER).reinterpretAsFloats();
      FloatVector c = ShortVector.fromArray(SHORTS, w, w2 + j).and(UPPER).reinterpretAsFloats();
      FloatVector row = FloatVector.fromArray(SPECIES, x, x0 + i);
      s00 = row.fma(a, s00);
      s01 = row.fma(b, s01);
      s02 = row.fma(c, s02);
      row = FloatVector.fromArray(SPECIES, x, x1 + i);
      s10 = row.fma(a, s10);
      s11 = row.fma(b, s11);
      s12 = row.fma(c, s12);
      row = FloatVector.fromArray(SPECIES, x, x2 + i);
      s20 = row.fma(a, s20);
      s21 = row.fma(b, s21);
      s22 = row.fma(c, s22);
      row = FloatVector.fromArray(SPECIES, x, x3 + i);
      s30 = row.fma(a, s30);
      s31 = row.fma(b, s31);
      s32 = row.fma(c, s32);
    }
    s00.intoArray(lanes, 0);
    s01.intoArray(lanes, LANES);
    s02.intoArray(lanes, 2 * LANES);
    s10.intoArray(lanes, 3 * LANES);
    s11.intoArray(lanes, 4 * LANES);
    s12.intoArray(lanes, 5 * LANES);
    s20.intoArray(lanes, 6 * LANES);
    s21.intoArray(lanes, 7 * LANES);
    s22.intoArray(lanes, 8 * LANES);
    s30.intoArray(lanes, 9 * LANES);
    s31.intoArray(lanes, 10 * LANES);
    s32.intoArray(lanes, 11 * LANES);
  }

  /**
   * Arranges a row of x for {@link #halves}: from every two vectors' elements first those of even,
   * then those of odd number.
   *
   * @param from {@code count} elements from 0 on
   * @param to from {@code at} on {@code length} elements, zeros past the count
   */
  static void pair(float[] from, int count, float[] to, int at, int length) {
    int whole = count / (2 * LANES) * (2 * LANES);
    for (int i = 0; i < whole; i += 2 * LANES) {
      for (int lane = 0; lane < LANES; lane++) {
        to[at + i + lane] = from[i + 2 * lane];
        to[at + i + LANES + lane] = from[i + 2 * lane + 1];
      }
    }
    for (int i = whole; i < length; i++) {
      int lane = i % (2 * LANES);
      int source = i - lane + (lane < LANES ? 2 * lane : 2 * (lane - LANES) + 1);
      to[at + i] = source < count ? from[source] : 0;
    }
  }
}
