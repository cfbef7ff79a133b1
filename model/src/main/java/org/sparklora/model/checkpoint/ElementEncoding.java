package org.sparklora.model.checkpoint;

import java.nio.ByteBuffer;
import org.sparklora.model.engine.Bfloat16;
import org.sparklora.model.engine.DType;
import org.sparklora.model.engine.Float16;

/**
 * Float32 values from and to the bytes of a file, rounded to nearest, ties to even, as PyTorch
 * casts.
 */
final class ElementEncoding {
  private ElementEncoding() {}

  /** Appends {@code count} elements to a little-endian buffer. */
  static void put(float[] values, int count, DType dtype, ByteBuffer out) {
    for (int i = 0; i < count; i++) {
      switch (dtype) {
        case FLOAT32 -> out.putFloat(values[i]);
        case BFLOAT16 -> out.putShort(Bfloat16.fromFloat(values[i]));
        case FLOAT16 -> out.putShort(toFloat16(values[i]));
      }
    }
  }

  /** The next {@code count} elements of a little-endian buffer, widened. */
  static float[] get(ByteBuffer in, int count, DType dtype) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] =
          switch (dtype) {
            case FLOAT32 -> in.getFloat();
            case BFLOAT16 -> Bfloat16.toFloat(in.getShort());
            case FLOAT16 -> Float16.toFloat(in.getShort());
          };
    }
    return values;
  }

  static short toFloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    int sign = bits >>> 16 & 0x8000;
    float magnitude = Math.abs(value);
    if (Float.isNaN(value)) {
      return (short) (sign | 0x7E00);
    }
    if (magnitude >= 65520f) { // half way between the largest half and the next power of two
      return (short) (sign | 0x7C00);
    }
    if (magnitude < 0x1p-14f) { // subnormal: a multiple of 2^-24
      return (short) (sign | (int) Math.rint(magnitude * 0x1p24f));
    }
    int rebased = (bits & 0x7FFF_FFFF) - (112 << 23);
    return (short) (sign | rebased + 0xFFF + (rebased >>> 13 & 1) >>> 13);
  }
}
