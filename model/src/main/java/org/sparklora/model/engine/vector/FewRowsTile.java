package org.sparklora.model.engine.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The inner loops of {@link VectorFewRows}: the products of 4 rows of x by 4 rows of a weight,
 * whose 16 sums stay in registers. What they leave are vectors, whose lanes {@link LaneSums} adds.
 *
 * <p>The loops are written out for the compiler of JDK 17, which keeps vectors in registers only
 * where it inlines every call that makes or takes one: the JDK's own always, others not before they
 * have run often, and none once a method has grown too large. A vector that a loop has carried is
 * stored after one more operation, the addition of zero, for the same reason.
 */
final class FewRowsTile {
  /** Rows of x, and rows of the weight. */
  static final int ROWS = 4;

  private static final VectorSpecies<Float> SPECIES = VectorMath.SPECIES;
  private static final VectorSpecies<Integer> INTS = VectorMath.INTS;
  private static final int LANES = VectorMath.LANES;
  private static final VectorSpecies<Short> SHORTS =
      VectorSpecies.of(short.class, VectorMath.SPECIES.vectorShape());

  private FewRowsTile() {}

  /**
   * {@code lanes[4·i + j] = x[i] · w[j]}, lane by lane.
   *
   * @param x from {@code x0} on 4 rows of {@code length} elements, a multiple of the vector length
   * @param w from {@code w0} on the same of the weight, each row {@code stride} after the last
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
    zero.add(s00).intoArray(lanes, 0);
    zero.add(s01).intoArray(lanes, LANES);
    zero.add(s02).intoArray(lanes, 2 * LANES);
    zero.add(s03).intoArray(lanes, 3 * LANES);
    zero.add(s10).intoArray(lanes, 4 * LANES);
    zero.add(s11).intoArray(lanes, 5 * LANES);
    zero.add(s12).intoArray(lanes, 6 * LANES);
    zero.add(s13).intoArray(lanes, 7 * LANES);
    zero.add(s20).intoArray(lanes, 8 * LANES);
    zero.add(s21).intoArray(lanes, 9 * LANES);
    zero.add(s22).intoArray(lanes, 10 * LANES);
    zero.add(s23).intoArray(lanes, 11 * LANES);
    zero.add(s30).intoArray(lanes, 12 * LANES);
    zero.add(s31).intoArray(lanes, 13 * LANES);
    zero.add(s32).intoArray(lanes, 14 * LANES);
    zero.add(s33).intoArray(lanes, 15 * LANES);
  }

  /**
   * The same for a weight in bfloat16, the upper half of a float32. Two of its elements are one
   * 32-bit lane: shifted up it is the first of them, with its lower half cleared the second. So no
   * element is moved to another lane, if x comes in pairs of vectors: see {@link #pair}.
   *
   * @param x as {@link #pair} arranges it, 4 rows of {@code length} elements, a multiple of twice
   *     the vector length
   */
  static void halves(float[] x, int x0, short[] w, int w0, int length, float[] lanes) {
    IntVector upper = IntVector.broadcast(INTS, 0xffff0000);
    FloatVector zero = FloatVector.zero(SPECIES);
    FloatVector s00 = zero, s01 = zero, s02 = zero, s03 = zero;
    FloatVector s10 = zero, s11 = zero, s12 = zero, s13 = zero;
    FloatVector s20 = zero, s21 = zero, s22 = zero, s23 = zero;
    FloatVector s30 = zero, s31 = zero, s32 = zero, s33 = zero;
    int x1 = x0 + length, x2 = x1 + length, x3 = x2 + length;
    int w1 = w0 + length, w2 = w1 + length, w3 = w2 + length;
    for (int i = 0; i < length; i += 2 * LANES) {
      IntVector as = ShortVector.fromArray(SHORTS, w, w0 + i).reinterpretAsInts();
      IntVector bs = ShortVector.fromArray(SHORTS, w, w1 + i).reinterpretAsInts();
      IntVector cs = ShortVector.fromArray(SHORTS, w, w2 + i).reinterpretAsInts();
      IntVector ds = ShortVector.fromArray(SHORTS, w, w3 + i).reinterpretAsInts();
      FloatVector a = as.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
      FloatVector b = bs.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
      FloatVector c = cs.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
      FloatVector d = ds.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
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
      int odd = i + LANES;
      a = as.and(upper).reinterpretAsFloats();
      b = bs.and(upper).reinterpretAsFloats();
      c = cs.and(upper).reinterpretAsFloats();
      d = ds.and(upper).reinterpretAsFloats();
      row = FloatVector.fromArray(SPECIES, x, x0 + odd);
      s00 = row.fma(a, s00);
      s01 = row.fma(b, s01);
      s02 = row.fma(c, s02);
      s03 = row.fma(d, s03);
      row = FloatVector.fromArray(SPECIES, x, x1 + odd);
      s10 = row.fma(a, s10);
      s11 = row.fma(b, s11);
      s12 = row.fma(c, s12);
      s13 = row.fma(d, s13);
      row = FloatVector.fromArray(SPECIES, x, x2 + odd);
      s20 = row.fma(a, s20);
      s21 = row.fma(b, s21);
      s22 = row.fma(c, s22);
      s23 = row.fma(d, s23);
      row = FloatVector.fromArray(SPECIES, x, x3 + odd);
      s30 = row.fma(a, s30);
      s31 = row.fma(b, s31);
      s32 = row.fma(c, s32);
      s33 = row.fma(d, s33);
    }
    zero.add(s00).intoArray(lanes, 0);
    zero.add(s01).intoArray(lanes, LANES);
    zero.add(s02).intoArray(lanes, 2 * LANES);
    zero.add(s03).intoArray(lanes, 3 * LANES);
    zero.add(s10).intoArray(lanes, 4 * LANES);
    zero.add(s11).intoArray(lanes, 5 * LANES);
    zero.add(s12).intoArray(lanes, 6 * LANES);
    zero.add(s13).intoArray(lanes, 7 * LANES);
    zero.add(s20).intoArray(lanes, 8 * LANES);
    zero.add(s21).intoArray(lanes, 9 * LANES);
    zero.add(s22).intoArray(lanes, 10 * LANES);
    zero.add(s23).intoArray(lanes, 11 * LANES);
    zero.add(s30).intoArray(lanes, 12 * LANES);
    zero.add(s31).intoArray(lanes, 13 * LANES);
    zero.add(s32).intoArray(lanes, 14 * LANES);
    zero.add(s33).intoArray(lanes, 15 * LANES);
  }

  /**
   * Arranges a row of x for {@link #halves}: of every two vectors' worth of elements first those of
   * even, then those of odd number.
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
