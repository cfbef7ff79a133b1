package org.sparklora.reward.math.number;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.function.UnaryOperator;

/**
 * Constants to any number of digits: a literal for ordinary needs; more digits are computed by
 * series of whole numbers and cached.
 *
 * <p>Thread-safe.
 */
enum PreciseConstants {
  /** Machin: π/4 = 4 arctan 1/5 − arctan 1/239. */
  PI(
      "3.14159265358979323846264338327950288419716939937510582097494459230781640628620899862803482534211706798",
      unit ->
          inverseTangent(5, unit, false)
              .multiply(BigInteger.valueOf(16))
              .subtract(inverseTangent(239, unit, false).multiply(BigInteger.valueOf(4)))),
  E(
      "2.718281828459045235360287471352662497757247093699959574966967627724076630353547594571382178525166427",
      PreciseConstants::inverseFactorials),
  LN2(
      "0.693147180559945309417232121458176568075500134360255254120680009493393621969694715605863326996418687",
      unit ->
          inverseTangent(26, unit, true)
              .multiply(BigInteger.valueOf(18))
              .subtract(inverseTangent(4801, unit, true).multiply(BigInteger.TWO))
              .add(inverseTangent(8749, unit, true).multiply(BigInteger.valueOf(8)))),
  LN10(
      "2.302585092994045684017991454684364207601101488628772976033327900967572609677352480235997205089598298",
      unit ->
          inverseTangent(31, unit, true)
              .multiply(BigInteger.valueOf(46))
              .add(inverseTangent(49, unit, true).multiply(BigInteger.valueOf(34)))
              .add(inverseTangent(161, unit, true).multiply(BigInteger.valueOf(20)))),
  EULER_GAMMA(
      "0.5772156649015328606065120900824024310421593359399235988057672348848677267776646709369470632917467495",
      PreciseConstants::besselQuotient);

  /** Digits of the literals that are correct. */
  private static final int WRITTEN_DIGITS = 96;

  /** Digits lost to rounding in the series. */
  private static final int GUARD_DIGITS = 10;

  private final BigDecimal written;
  private final UnaryOperator<BigInteger> series;
  private volatile BigDecimal known;

  PreciseConstants(String written, UnaryOperator<BigInteger> series) {
    this.written = new BigDecimal(written);
    this.series = series;
    this.known = this.written;
  }

  /**
   * The constant truncated to this many digits, or the literal if that has more: truncation keeps
   * the result independent of what earlier verdicts cached.
   */
  BigDecimal to(int digits) {
    if (digits <= WRITTEN_DIGITS) {
      return written;
    }
    BigDecimal value = known;
    if (value.scale() < digits || value == written) {
      int scale = digits + GUARD_DIGITS;
      value = new BigDecimal(series.apply(BigInteger.TEN.pow(scale)), scale);
      value = value.setScale(digits, RoundingMode.DOWN);
      known = value;
    }
    return value.setScale(digits, RoundingMode.DOWN);
  }

  /** {@code unit · arctan(1/x)}, or {@code artanh} of it. */
  private static BigInteger inverseTangent(int x, BigInteger unit, boolean hyperbolic) {
    BigInteger square = BigInteger.valueOf((long) x * x);
    BigInteger power = unit.divide(BigInteger.valueOf(x));
    BigInteger sum = power;
    for (int n = 3; power.signum() != 0; n += 2) {
      power = power.divide(square);
      BigInteger term = power.divide(BigInteger.valueOf(n));
      sum = hyperbolic || n % 4 == 1 ? sum.add(term) : sum.subtract(term);
    }
    return sum;
  }

  /**
   * Brent and McMillan 1980: γ = Σ (n^k/k!)² (H_k − ln n) / Σ (n^k/k!)² up to e^(−4n), with n a
   * power of two.
   */
  private static BigInteger besselQuotient(BigInteger unit) {
    int exponent = 1;
    while (4L << exponent < unit.bitLength()) {
      exponent++;
    }
    BigInteger square = BigInteger.ONE.shiftLeft(2 * exponent);
    int digits = unit.toString().length();
    BigInteger ln2 = LN2.to(digits).multiply(new BigDecimal(unit)).toBigInteger();
    BigInteger below = unit;
    BigInteger above = ln2.multiply(BigInteger.valueOf(-exponent));
    BigInteger sumBelow = below;
    BigInteger sumAbove = above;
    for (long k = 1; below.signum() != 0; k++) {
      BigInteger divisor = BigInteger.valueOf(k);
      below = below.multiply(square).divide(BigInteger.valueOf(k * k));
      above = above.multiply(square).divide(divisor).add(below).divide(divisor);
      sumBelow = sumBelow.add(below);
      sumAbove = sumAbove.add(above);
    }
    return sumAbove.multiply(unit).divide(sumBelow);
  }

  private static BigInteger inverseFactorials(BigInteger unit) {
    BigInteger sum = unit;
    BigInteger term = unit;
    for (int n = 1; term.signum() != 0; n++) {
      term = term.divide(BigInteger.valueOf(n));
      sum = sum.add(term);
    }
    return sum;
  }
}
