package org.sparklora.model.engine.vector;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;
import org.sparklora.model.engine.tensor.Bfloat16;
import org.sparklora.model.engine.tensor.HostTensor;
import org.sparklora.model.engine.tensor.Tensor;

/** Copies parts of a weight into arrays for vector instructions. */
final class WeightRows {
  private static final VectorSpecies<Short> HALVES =
      VectorSpecies.of(short.class, VectorShape.forBitSize(VectorMath.SPECIES.vectorBitSize() / 2));

  private WeightRows() {}

  /**
   * Copies columns {@code [column, column + count)} of the rows {@code [row, row + rows)}.
   *
   * @param stride elements from row to row of {@code block}; elements past the count become 0
   */
  static void load(
      Tensor weight, int row, int rows, int column, int count, int stride, float[] block) {
    int columns = weight.columns();
    if (count == columns && count == stride) {
      weight.read((long) row * columns, block, 0, rows * columns); // one piece of memory
      return;
    }
    for (int r = 0; r < rows; r++) {
      weight.read((long) (row + r) * columns + column, block, r * stride, count);
      Arrays.fill(block, r * stride + count, (r + 1) * stride, 0);
    }
  }

  /** Copies columns of rows of a bfloat16 weight, as stored, to {@code block} from 1 on. */
  static void load(
      HostTensor weight, int row, int rows, int column, int count, int stride, short[] block) {
    int columns = weight.columns();
    if (count == columns && count == stride) {
      weight.readBits((long) row * columns, block, 1, rows * columns); // one piece of memory
      return;
    }
    for (int r = 0; r < rows; r++) {
      int at = 1 + r * stride;
      weight.readBits((long) (row + r) * columns + column, block, at, count);
      Arrays.fill(block, at + count, at + stride, (short) 0);
    }
  }

  /**
   * Widens bfloat16, the upper half of a float32. Writes whole vectors, up to the next multiple of
   * the vector length past {@code count}.
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
