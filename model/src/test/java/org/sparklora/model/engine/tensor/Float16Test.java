package org.sparklora.model.engine.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class Float16Test {

  /** Written from the standard, in double, without bit tricks: (−1)^s · 2^(e−15) · (1 + f/1024). */
  private static double byDefinition(int bits) {
    double sign = bits >>> 15 == 0 ? 1 : -1;
    int exponent = bits >>> 10 & 31;
    int fraction = bits & 1023;
    if (exponent == 31) {
      return fraction == 0 ? sign * Double.POSITIVE_INFINITY : Double.NaN;
    }
    return exponent == 0
        ? sign * Math.pow(2, -14) * (fraction / 1024.0)
        : sign * Math.pow(2, exponent - 15) * (1 + fraction / 1024.0);
  }

  @Test
  void all65536NumbersAreWidenedExactly() {
    for (int bits = 0; bits < 1 << 16; bits++) {
      assertThat((double) Float16.toFloat((short) bits))
          .as("bits %04x", bits)
          .isEqualTo(Double.valueOf(byDefinition(bits))); // boxed: tells −0 from 0, and NaN is NaN
    }
  }
}
