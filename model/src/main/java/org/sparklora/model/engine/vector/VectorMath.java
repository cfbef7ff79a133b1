package org.sparklora.model.engine.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** Arithmetic of vector kernels on arrays padded to whole vectors, so that no loop has a tail. */
final class VectorMath {
  static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  static final VectorSpecies<Integer> INTS = VectorSpecies.of(int.class, SPECIES.vectorShape());
  static final int LANES = SPECIES.length();

  private static final float LOG2_E = 1.44269504f;
  // ln 2 in two parts (Cody and Waite): n · LN2_HIGH is exact for every n that occurs
  private static final float LN2_HIGH = 0.693359375f;
  private static final float LN2_LOW = -2.12194440e-4f;
  private static final float ROUND = 0x1.8p23f; // adding it rounds to an integer, in the low bits
  static final float LOWEST = -87.33f; // below, 2^n would be subnormal
  private static final float HIGHEST = 88.37f;

  private VectorMath() {}

  /** The next multiple of the vector length. */
  static int roundUp(int columns) {
    return roundUp(columns, LANES);
  }

  static int roundUp(int size, int multiple) {
    return (size + multiple - 1) / multiple * multiple;
  }

  /**
   * e^x to 1 unit in the last place: {@code 2^n · e^r} with {@code n = round(x / ln 2)} and the
   * minimax polynomial of degree 7 that Cephes uses for e^r on [−ln 2 / 2, ln 2 / 2].
   *
   * <p>Clamps arguments to the range of normal results: e^−∞ is 1.2e-38, e^∞ 2.4e38. NaN stays NaN.
   */
  static FloatVector exp(FloatVector x) {
    FloatVector clamped = x.max(LOWEST).min(HIGHEST);
    FloatVector shifted = clamped.fma(broadcast(LOG2_E), broadcast(ROUND));
    FloatVector n = shifted.sub(ROUND);
    FloatVector r = n.fma(broadcast(-LN2_LOW), n.fma(broadcast(-LN2_HIGH), clamped));
    FloatVector p = broadcast(1.9875691500e-4f);
    p = p.fma(r, broadcast(1.3981999507e-3f));
    p = p.fma(r, broadcast(8.3334519073e-3f));
    p = p.fma(r, broadcast(4.1665795894e-2f));
    p = p.fma(r, broadcast(1.6666665459e-1f));
    p = p.fma(r, broadcast(5.0000001201e-1f));
    p = p.fma(r.mul(r), r).add(1f);
    IntVector power = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
    return p.reinterpretAsInts().add(power).reinterpretAsFloats();
  }

  static FloatVector broadcast(float value) {
    return FloatVector.broadcast(SPECIES, value);
  }

  static FloatVector at(float[] row, int i) {
    return FloatVector.fromArray(SPECIES, row, i);
  }

  /** The largest of the elements {@code [from, to)}; the padding must be lower than the largest. */
  static float largest(float[] row, int from, int to) {
    FloatVector top = broadcast(Float.NEGATIVE_INFINITY);
    for (int i = from; i < to; i += LANES) {
      top = top.max(at(row, i));
    }
    return top.reduceLanes(VectorOperators.MAX);
  }

  /** Σ a·b over {@code columns} elements; both rows padded with zeros. */
  static float dot(float[] a, float[] b, int columns) {
    FloatVector sum = broadcast(0);
    FloatVector other = broadcast(0); // two chains hide the latency of fma
    int i = 0;
    for (; i + LANES < columns; i += 2 * LANES) {
      sum = at(a, i).fma(at(b, i), sum);
      other = at(a, i + LANES).fma(at(b, i + LANES), other);
    }
    if (i < columns) {
      sum = at(a, i).fma(at(b, i), sum);
    }
    return sum.add(other).reduceLanes(VectorOperators.ADD);
  }
}
