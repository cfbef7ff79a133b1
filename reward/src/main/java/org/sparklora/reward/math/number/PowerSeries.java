package org.sparklora.reward.math.number;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;

/**
 * Series of the elementary functions in whole numbers: x is represented by x · 2^bits, so a term
 * costs a product, a shift and a short division.
 *
 * <p>Immutable and thread-safe.
 */
record PowerSeries(int bits) {
  private static final double BITS_A_DIGIT = 3.3219280948873626;
  private static final int GUARD_BITS = 32;

  /** Series to this many decimals. */
  static PowerSeries ofDecimals(int decimals) {
    return new PowerSeries((int) (decimals * BITS_A_DIGIT) + GUARD_BITS);
  }

  private BigInteger one() {
    return BigInteger.ONE.shiftLeft(bits);
  }

  private BigInteger fixed(BigDecimal x) {
    return x.multiply(new BigDecimal(one())).toBigInteger();
  }

  private BigDecimal decimal(BigInteger x, MathContext context) {
    return new BigDecimal(x).divide(new BigDecimal(one()), context);
  }

  /** e^x of a number between −1 and 1. */
  BigDecimal exp(BigDecimal x, MathContext context) {
    // e^x = (e^(x / 2^halvings))^(2^halvings); each squaring loses a bit of precision.
    int halvings = 6 + (int) Math.sqrt(bits / 8.0);
    PowerSeries longer = new PowerSeries(bits + halvings + GUARD_BITS);
    BigInteger small = longer.fixed(x).shiftRight(halvings);
    BigInteger sum = longer.one();
    BigInteger term = sum;
    for (int n = 1; term.signum() != 0 && term.bitLength() > 1; n++) {
      term = term.multiply(small).shiftRight(longer.bits).divide(BigInteger.valueOf(n));
      sum = sum.add(term);
    }
    for (int i = 0; i < halvings; i++) {
      sum = sum.multiply(sum).shiftRight(longer.bits);
    }
    return longer.decimal(sum, context);
  }

  /** The sine or cosine of an angle of at most one turn. */
  BigDecimal sine(BigDecimal x, boolean sine, MathContext context) {
    if (sine && x.scale() - x.precision() > bits / (6 * BITS_A_DIGIT)) {
      // Whole numbers would lose digits of x, and x⁷ is below them: x − x³/6 + x⁵/120.
      BigDecimal square = x.multiply(x, context);
      BigDecimal fifth = square.divide(BigDecimal.valueOf(20), context).subtract(BigDecimal.ONE);
      BigDecimal share = square.multiply(fifth, context).divide(BigDecimal.valueOf(6), context);
      return x.add(x.multiply(share, context), context);
    }
    BigInteger angle = fixed(x);
    BigInteger square = angle.multiply(angle).shiftRight(bits).negate();
    BigInteger term = sine ? angle : one();
    BigInteger sum = term;
    for (long n = sine ? 2 : 1; term.signum() != 0 && term.bitLength() > 1; n += 2) {
      term = term.multiply(square).shiftRight(bits).divide(BigInteger.valueOf(n * (n + 1)));
      sum = sum.add(term);
    }
    return decimal(sum, context);
  }

  /** The angle whose tangent is x, a number between 0 and 1/4. */
  BigDecimal inverseTangent(BigDecimal x, MathContext context) {
    BigInteger power = fixed(x);
    BigInteger square = power.multiply(power).shiftRight(bits).negate();
    BigInteger sum = power;
    for (long n = 3; power.bitLength() > 1; n += 2) {
      power = power.multiply(square).shiftRight(bits);
      sum = sum.add(power.divide(BigInteger.valueOf(n)));
    }
    return decimal(sum, context);
  }
}
