package org.sparklora.model.engine.tensor;

/** The upper half of a float32: its range at 8 bits of precision. */
public final class Bfloat16 {
  private Bfloat16() {}

  /** Widens a bfloat16, without rounding. */
  public static float toFloat(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }

  /** Rounds to nearest, ties to even, as PyTorch casts. */
  public static short fromFloat(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      return (short) (bits >>> 16 | 0x40); // rounding could turn a NaN into infinity
    }
    return (short) (bits + 0x7FFF + (bits >>> 16 & 1) >>> 16);
  }
}
