package org.sparklora.reward.math.number;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;

/**
 * An exact fraction in lowest terms with a positive denominator.
 *
 * <p>Immutable and thread-safe. Arithmetic is exact; only conversions to decimals round.
 */
public record Rational(BigInteger numerator, BigInteger denominator)
    implements Comparable<Rational> {
  public static final Rational ZERO = of(0);
  public static final Rational ONE = of(1);
  public static final Rational HALF = new Rational(BigInteger.ONE, BigInteger.TWO);

  public Rational {
    if (denominator.signum() == 0) {
      throw new ArithmeticException("Division by zero");
    }
    if (denominator.signum() < 0) {
      numerator = numerator.negate();
      denominator = denominator.negate();
    }
    if (!denominator.equals(BigInteger.ONE)) {
      BigInteger common = numerator.gcd(denominator);
      if (!common.equals(BigInteger.ONE)) {
        numerator = numerator.divide(common);
        denominator = denominator.divide(common);
      }
    }
  }

  public static Rational of(long value) {
    return new Rational(BigInteger.valueOf(value), BigInteger.ONE);
  }

  public static Rational of(long numerator, long denominator) {
    return new Rational(BigInteger.valueOf(numerator), BigInteger.valueOf(denominator));
  }

  public static Rational of(BigInteger value) {
    return new Rational(value, BigInteger.ONE);
  }

  public static Rational of(BigDecimal value) {
    return value.scale() <= 0
        ? of(value.toBigIntegerExact())
        : new Rational(value.unscaledValue(), BigInteger.TEN.pow(value.scale()));
  }

  public boolean isInteger() {
    return denominator.equals(BigInteger.ONE);
  }

  public int signum() {
    return numerator.signum();
  }

  public Rational negate() {
    return new Rational(numerator.negate(), denominator);
  }

  public Rational abs() {
    return signum() < 0 ? negate() : this;
  }

  public Rational plus(Rational other) {
    return new Rational(
        numerator.multiply(other.denominator).add(other.numerator.multiply(denominator)),
        denominator.multiply(other.denominator));
  }

  public Rational minus(Rational other) {
    return plus(other.negate());
  }

  public Rational times(Rational other) {
    return new Rational(
        numerator.multiply(other.numerator), denominator.multiply(other.denominator));
  }

  /** The sum within a budget, which throws {@link AlgebraLimit.Exceeded} if it is too long. */
  public Rational plus(Rational other, AlgebraLimit budget) {
    budget.fractions(this, other);
    Rational sum = plus(other);
    budget.checkBits(sum.bits());
    return sum;
  }

  /** The product within a budget, which throws {@link AlgebraLimit.Exceeded} if it is too long. */
  public Rational times(Rational other, AlgebraLimit budget) {
    budget.fractions(this, other);
    Rational product = times(other);
    budget.checkBits(product.bits());
    return product;
  }

  public Rational dividedBy(Rational other) {
    return new Rational(
        numerator.multiply(other.denominator), denominator.multiply(other.numerator));
  }

  /** Throws {@link ArithmeticException} for a negative power of zero. */
  public Rational pow(int exponent) {
    return exponent >= 0
        ? new Rational(numerator.pow(exponent), denominator.pow(exponent))
        : new Rational(denominator.pow(-exponent), numerator.pow(-exponent));
  }

  public Rational floor() {
    BigInteger[] parts = numerator.divideAndRemainder(denominator);
    return of(parts[1].signum() < 0 ? parts[0].subtract(BigInteger.ONE) : parts[0]);
  }

  /** The remainder of this modulo a positive number. */
  public Rational modulo(Rational divisor) {
    return minus(dividedBy(divisor).floor().times(divisor));
  }

  /** Bits of numerator and denominator, which an {@link AlgebraLimit} limits. */
  public int bits() {
    return numerator.bitLength() + denominator.bitLength();
  }

  /** Rounds to this many decimals, halves to even. */
  public BigDecimal toDecimals(int decimals) {
    return new BigDecimal(numerator)
        .divide(new BigDecimal(denominator), decimals, RoundingMode.HALF_EVEN);
  }

  /** Rounds to {@link PreciseMath#CONTEXT}, without trailing zeros of exact quotients. */
  public BigDecimal toDecimal() {
    return new BigDecimal(numerator).divide(new BigDecimal(denominator), PreciseMath.CONTEXT);
  }

  /** Rounds to the digits of {@code context}; exact quotients may have trailing zeros. */
  BigDecimal toDecimal(MathContext context) {
    BigDecimal above = new BigDecimal(numerator);
    return isInteger()
        ? above.round(context)
        : PreciseMath.quotient(above, new BigDecimal(denominator), context);
  }

  @Override
  public int compareTo(Rational other) {
    return numerator.multiply(other.denominator).compareTo(other.numerator.multiply(denominator));
  }

  @Override
  public String toString() {
    return isInteger() ? numerator.toString() : numerator + "/" + denominator;
  }
}
