package org.sparklora.reward.math.algebra;

import java.math.BigInteger;
import org.sparklora.reward.math.number.Rational;

/**
 * A number of Math-Verify's arithmetic: an exact fraction, or a binary float of {@code bits} bits,
 * which every operation rounds to the nearest, ties to even.
 *
 * @param value the number itself; a float's denominator is a power of two
 * @param bits 0 for a fraction
 */
record FloatNumber(Rational value, int bits) {
  static final FloatNumber ZERO = exact(Rational.ZERO);
  static final FloatNumber ONE = exact(Rational.ONE);

  /** A literal with fewer digits has the bits of one with this many. */
  static final int LEAST_DIGITS = 15;

  private static final double BITS_A_DIGIT = 3.3219280948873626;

  static FloatNumber exact(Rational value) {
    return new FloatNumber(value, 0);
  }

  /** The float nearest to a number. */
  static FloatNumber rounded(Rational value, int bits) {
    return new FloatNumber(nearest(value, bits), bits);
  }

  /** A literal's value: a decimal has the bits of its digits, and at least a double's. */
  static FloatNumber of(Expr.Num num) {
    return num.decimal() ? rounded(num.value(), bits(num.digits())) : exact(num.value());
  }

  static int bits(int digits) {
    return (int) Math.round((Math.max(digits, LEAST_DIGITS) + 1) * BITS_A_DIGIT);
  }

  /** The number as a literal of exactly this value. */
  Expr.Num literal() {
    int digits = bits == 0 ? 0 : (int) Math.round(bits / BITS_A_DIGIT) - 1;
    return new Expr.Num(value, bits > 0, digits);
  }

  FloatNumber negate() {
    return new FloatNumber(value.negate(), bits);
  }

  boolean isZero() {
    return value.signum() == 0;
  }

  FloatNumber plus(FloatNumber other) {
    int common = Math.max(bits, other.bits);
    return common == 0
        ? exact(value.plus(other.value))
        : rounded(to(common).plus(other.to(common)), common);
  }

  FloatNumber times(FloatNumber other) {
    int common = Math.max(bits, other.bits);
    return common == 0
        ? exact(value.times(other.value))
        : rounded(to(common).times(other.to(common)), common);
  }

  FloatNumber pow(int exponent) {
    Rational power = value.pow(exponent);
    return bits == 0 ? exact(power) : rounded(power, bits);
  }

  /** Rounds a fraction before it meets a float; a float keeps all its bits. */
  private Rational to(int common) {
    return bits == 0 ? nearest(value, common) : value;
  }

  private static Rational nearest(Rational value, int bits) {
    if (value.signum() == 0) {
      return value;
    }
    BigInteger above = value.numerator().abs();
    BigInteger below = value.denominator();
    int shift = bits - (above.bitLength() - below.bitLength());
    BigInteger[] parts = scaled(above, below, shift);
    if (parts[0].bitLength() > bits) {
      shift--;
      parts = scaled(above, below, shift);
    }
    BigInteger divisor = shift < 0 ? below.shiftLeft(-shift) : below;
    int half = parts[1].shiftLeft(1).compareTo(divisor);
    boolean up = half > 0 || half == 0 && parts[0].testBit(0);
    BigInteger mantissa = up ? parts[0].add(BigInteger.ONE) : parts[0];
    mantissa = value.signum() < 0 ? mantissa.negate() : mantissa;
    return shift >= 0
        ? new Rational(mantissa, BigInteger.ONE.shiftLeft(shift))
        : Rational.of(mantissa.shiftLeft(-shift));
  }

  private static BigInteger[] scaled(BigInteger above, BigInteger below, int shift) {
    return shift >= 0
        ? above.shiftLeft(shift).divideAndRemainder(below)
        : above.divideAndRemainder(below.shiftLeft(-shift));
  }
}
