package org.sparklora.model.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sparklora.model.engine.tensor.Bfloat16;
import org.sparklora.model.engine.tensor.Float16;

class RoundingTest {

  @ParameterizedTest
  @CsvSource({
    "1.0, 3F80",
    "-2.5, C020",
    "1.00390625, 3F80", // half way: to the even neighbour below
    "1.01171875, 3F82", // half way: to the even neighbour above
    "3.4e38, 7F80", // rounds up to infinity, as a cast in PyTorch does
    "NaN, 7FC0"
  })
  void bfloat16RoundsToNearestEven(float value, String bits) {
    assertThat(Integer.toHexString(Bfloat16.fromFloat(value) & 0xFFFF)).isEqualToIgnoringCase(bits);
  }

  @ParameterizedTest
  @CsvSource({
    "1.0, 3C00",
    "-2.5, C100",
    "65504, 7BFF",
    "65519.99, 7BFF",
    "65520, 7C00",
    "-Infinity, FC00",
    "NaN, 7E00",
    "1.00048828125, 3C00", // half way between 1 and the next half
    "1.00146484375, 3C02",
    "0.00006103515625, 0400", // smallest normal
    "0.000061005353927612305, 0400", // half way above the largest subnormal: to even
    "0.000000059604644775390625, 0001", // smallest subnormal
    "0.0000000298023223876953125, 0000", // half of it: to even
    "-0.0, 8000"
  })
  void float16RoundsToNearestEven(float value, String bits) {
    assertThat("%04X".formatted(Float16.fromFloat(value) & 0xFFFF)).isEqualTo(bits);
  }
}
