package org.sparklora.reward.math.number;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Random;
import org.junit.jupiter.api.Test;

class WholeRootsTest {
  @Test
  void rootsAreThoseOfTheLibrary() {
    Random random = new Random(3);
    MathContext context = new MathContext(64, RoundingMode.HALF_EVEN);
    for (int bits = 1; bits < 700; bits++) {
      BigInteger n = new BigInteger(bits, random).setBit(bits - 1);
      assertThat(WholeRoots.floorSqrt(n)).isEqualTo(n.sqrt());
      BigDecimal x = new BigDecimal(n, random.nextInt(900) - 450);
      assertThat(WholeRoots.sqrt(x, context)).isEqualByComparingTo(x.sqrt(context));
      BigDecimal square = x.multiply(x);
      assertThat(WholeRoots.sqrt(square, new MathContext(bits + 8))).isEqualByComparingTo(x);
    }
  }
}
