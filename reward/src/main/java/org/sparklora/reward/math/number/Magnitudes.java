package org.sparklora.reward.math.number;

import java.math.BigDecimal;

/**
 * Records the sizes of numbers in a computation, and derives the digits with which the largest does
 * not hide the smallest.
 *
 * <p>Numbers between 10^-r and 10^r can differ by as little as 10^-2r, as reciprocals do, and with
 * roots by somewhat less. So 6r digits are computed, of which 4r remain after cancelling and
 * amplification: a smaller difference counts as zero. The largest numbers get a fixed number of
 * digits beyond twice their own.
 *
 * <p>An instance serves one evaluation.
 */
public final class Magnitudes {
  /** Powers of ten within which the ordinary digits show every difference. */
  private static final int ORDINARY_SPAN = 12;

  private static final int DIGITS_FOR_EACH = 6;
  private static final int DIGITS_BEYOND = 60;

  /** From here on, only two digits are computed for each power of ten. */
  private static final int LARGE_SPAN = 650;

  private static final int DIGITS_BEYOND_LARGE = 4 * LARGE_SPAN + DIGITS_BEYOND;

  /** Most digits computed; comparisons that need more have no result. */
  public static final int MAX_DIGITS = 14_000;

  private static final double DIGITS_A_BIT = 0.30103;

  private final boolean ordinaryOnly;
  private final boolean sampled;
  private final int mostDigits;
  private int span;
  private boolean rounded;

  /**
   * @param ordinaryOnly whether no more than the ordinary digits are available
   * @param sampled whether variables are numbers that happen to have many digits
   * @param mostDigits if more are needed, there is no value
   */
  public Magnitudes(boolean ordinaryOnly, boolean sampled, int mostDigits) {
    this.ordinaryOnly = ordinaryOnly;
    this.sampled = sampled;
    this.mostDigits = mostDigits;
  }

  public void noteRounding() {
    rounded = true;
  }

  /**
   * Records a term's value. A small size counts only for a fraction or a power: a small sum or sine
   * may be the result of cancelling.
   *
   * @param literal whether the term is a number as written
   * @param power whether the term is a power
   */
  public void note(Value value, boolean literal, boolean power) {
    if (value instanceof Value.Exact exact) {
      Rational rational = exact.rational();
      int above = rational.numerator().bitLength();
      int below = rational.denominator().bitLength();
      boolean sizeOnly = ordinaryOnly || sampled && !literal;
      int bits = sizeOnly ? Math.abs(above - below) : Math.max(above, below);
      bits = ordinaryOnly && above < below ? 0 : bits;
      span = Math.max(span, (int) (bits * DIGITS_A_BIT));
    } else if (value instanceof Value.Approximate approximate) {
      rounded = true;
      long exponent = exponent(approximate.complex());
      boolean believed = exponent > 0 || power && !ordinaryOnly;
      span = believed ? (int) Math.max(span, Math.min(Math.abs(exponent), MAX_DIGITS)) : span;
    }
  }

  private static long exponent(Complex value) {
    BigDecimal size = value.re().abs().max(value.im().abs());
    return size.signum() == 0 ? 0 : (long) size.precision() - size.scale() - 1;
  }

  /** The digits to compute with; throws {@link Value.None} when these are not available. */
  public int digits() {
    if (!rounded || span <= ORDINARY_SPAN) {
      return PreciseMath.ORDINARY_DIGITS;
    }
    long digits =
        span <= LARGE_SPAN
            ? (long) DIGITS_FOR_EACH * span + DIGITS_BEYOND
            : 2L * span + DIGITS_BEYOND_LARGE;
    if (digits > mostDigits || ordinaryOnly && span > 2 * ORDINARY_SPAN) {
      throw new Value.None("a comparison to " + digits + " digits");
    }
    return ordinaryOnly ? PreciseMath.ORDINARY_DIGITS : (int) digits;
  }

  /** The decimals to which a difference is reliable when this many digits were computed. */
  static int resolved(int digits) {
    return digits <= DIGITS_FOR_EACH * LARGE_SPAN + DIGITS_BEYOND ? digits / 3 * 2 : digits / 2;
  }
}
