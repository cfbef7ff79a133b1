package org.sparklora.reward.math.number;

import java.math.BigDecimal;

/** Whether two values count as the same number: fractions exactly, others to their digits. */
public final class Closeness {
  /** Relative to the larger value: 50 digits less those that sums may cancel. */
  private static final BigDecimal RELATIVE = new BigDecimal("1e-36");

  /** A smaller difference between values of ordinary size is rounding. */
  private static final BigDecimal ABSOLUTE = new BigDecimal("1e-44");

  private Closeness() {}

  public static boolean same(Value a, Value b) {
    if (a instanceof Value.Exact && b instanceof Value.Exact
        || a instanceof Value.Unbounded
        || b instanceof Value.Unbounded) {
      return a.equals(b);
    }
    PreciseMath math = Value.digits(a, b);
    Complex x = Value.complex(a, math);
    Complex y = Value.complex(b, math);
    BigDecimal difference = x.minus(y).abs();
    if (!isOrdinary(math)) {
      return difference.compareTo(resolution(math)) <= 0;
    }
    BigDecimal size = x.abs().max(y.abs());
    return difference.compareTo(size.multiply(RELATIVE)) <= 0
        || size.compareTo(BigDecimal.ONE) < 0 && difference.compareTo(ABSOLUTE) < 0;
  }

  /** Whether the values differ by less than an absolute bound. */
  public static boolean within(Value a, Value b, BigDecimal bound) {
    if (a instanceof Value.Unbounded || b instanceof Value.Unbounded) {
      return a.equals(b);
    }
    if (a instanceof Value.Exact x && b instanceof Value.Exact y) {
      return x.rational().minus(y.rational()).abs().compareTo(Rational.of(bound)) < 0;
    }
    PreciseMath math = Value.digits(a, b);
    Complex difference = Value.complex(a, math).minus(Value.complex(b, math));
    return difference.re().abs().compareTo(bound) < 0 && difference.im().abs().compareTo(bound) < 0;
  }

  /** Whether the imaginary part is no larger than the rounding of the whole number. */
  static boolean hasNegligibleImaginary(Complex whole) {
    BigDecimal part = whole.im().abs();
    return part.compareTo(whole.re().abs().multiply(RELATIVE)) <= 0
        && (isOrdinary(whole.math()) || part.compareTo(resolution(whole.math())) <= 0);
  }

  /**
   * The difference that counts as zero with more than the ordinary digits. Their number is chosen
   * so that real differences of values of these sizes are larger, and rounding is smaller.
   */
  public static BigDecimal resolution(PreciseMath math) {
    return BigDecimal.ONE.scaleByPowerOfTen(-Magnitudes.resolved(math.digits()));
  }

  /** Whether a computed value may be the remainder of a sum that is zero. */
  public static boolean isVanishing(Value value) {
    if (!(value instanceof Value.Approximate approximate)) {
      return false;
    }
    PreciseMath math = approximate.complex().math();
    BigDecimal rounding = isOrdinary(math) ? ABSOLUTE : resolution(math);
    return approximate.complex().abs().compareTo(rounding) < 0;
  }

  public static boolean isOrdinary(PreciseMath math) {
    return math.digits() == PreciseMath.ORDINARY_DIGITS;
  }
}
