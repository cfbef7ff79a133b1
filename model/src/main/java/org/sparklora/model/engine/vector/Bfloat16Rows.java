package org.sparklora.model.engine.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;
import org.sparklora.model.engine.Bfloat16;

/** Rows of bfloat16 as rows of float32, and back, by vector instructions. */
final class Bfloat16Rows {
  private static final VectorSpecies<Short> HALVES =
      VectorSpecies.of(short.class, VectorShape.forBitSize(VectorMath.SPECIES.vectorBitSize() / 2));

  private Bfloat16Rows() {}

  /**
   * A bfloat16 is the upper half of a float32. Writes whole vectors: up to the next multiple of
   * their length past {@code count}.
   */
  static void widen(short[] bits, int count, float[] row, int at) {
    for (int i = 0; i < count; i += VectorMath.LANES) {
      ShortVector.fromArray(HALVES, bits, i)
          .convertShape(VectorOperators.S2I, VectorMath.INTS, 0)
          .reinterpretAsInts()
          .lanewise(VectorOperators.LSHL, 16)
          .reinterpretAsFloats()
          .intoArray(row, at + i);
    }
  }

  /**
   * Rounds to bfloat16 as {@link Bfloat16#fromFloat} does: to nearest, ties to even, NaN stays NaN.
   * Writes whole vectors, as {@link #widen} does.
   */
  static void round(float[] row, int count, short[] bits) {
    for (int i = 0; i < count; i += VectorMath.LANES) {
      FloatVector values = VectorMath.at(row, i);
      IntVector raw = values.reinterpretAsInts();
      IntVector odd = raw.lanewise(VectorOperators.LSHR, 16).and(1);
      raw.add(0x7FFF)
          .add(odd)
          .lanewise(VectorOperators.LSHR, 16)
          // rounding could turn a NaN into infinity
          .blend(
              raw.lanewise(VectorOperators.LSHR, 16).or(0x40),
              values.test(VectorOperators.IS_NAN).cast(VectorMath.INTS))
          .convertShape(VectorOperators.I2S, HALVES, 0)
          .reinterpretAsShorts()
          .intoArray(bits, i);
    }
  }
}
