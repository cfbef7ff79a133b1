package org.sparklora.reward.math.algebra;

import java.math.BigDecimal;

/**
 * The sizes of the numbers that have taken part in a computation, and how many digits it takes
 * until the largest does not hide the smallest.
 *
 * <p>Numbers below 10^r and above 10^-r bring about differences down to 10^-2r, as of reciprocals,
 * and with roots somewhat smaller ones. So 6r digits are computed, of which cancelling and what
 * enlarges the rest leave 4r: a smaller difference counts as none. The largest numbers get a fixed
 * count of digits beyond twice their own.
 *
 * <p>Belongs to one {@link Evaluator}.
 */
final class Magnitudes {
  /** Powers of ten within which the ordinary digits tell what differs. */
  private static final int ORDINARY_SPAN = 12;

  private static final int DIGITS_FOR_EACH = 6;
  private static final int DIGITS_BEYOND = 60;

  /** From here on only two digits are computed for each power of ten. */
  private static final int LARGE_SPAN = 650;

  private static final int DIGITS_BEYOND_LARGE = 4 * LARGE_SPAN + DIGITS_BEYOND;

  /** More digits are not computed: what they would tell remains untold. */
  static final int MAX_DIGITS = 14_000;

  private static final double DIGITS_A_BIT = 0.30103;

  private final boolean ordinaryOnly;
  private final boolean sampled;
  private final int mostDigits;
  private int span;
  private boolean rounded;

  /**
   * @param ordinaryOnly when more digits than the ordinary ones are not to be had
   * @param sampled when variables stand for numbers that happen to have many digits
   * @param mostDigits where more would be needed, there is no value
   */
  Magnitudes(boolean ordinaryOnly, boolean sampled, int mostDigits) {
    this.ordinaryOnly = ordinaryOnly;
    this.sampled = sampled;
    this.mostDigits = mostDigits;
  }

  void noteRounding() {
    rounded = true;
  }

  /**
   * Takes note of a term's value. Only of a fraction or a power a small size is believed: a small
   * sum or sine is what cancelling has left.
   */
  void note(Expr term, Value value) {
    if (value instanceof Value.Exact exact) {
      Rational rational = exact.rational();
      int above = rational.numerator().bitLength();
      int below = rational.denominator().bitLength();
      boolean sizeOnly = ordinaryOnly || sampled && !(term instanceof Expr.Num);
      int bits = sizeOnly ? Math.abs(above - below) : Math.max(above, below);
      bits = ordinaryOnly && above < below ? 0 : bits;
      span = Math.max(span, (int) (bits * DIGITS_A_BIT));
    } else if (value instanceof Value.Approximate approximate) {
      rounded = true;
      long exponent = exponent(approximate.complex());
      boolean believed = exponent > 0 || term instanceof Expr.Pow && !ordinaryOnly;
      span = believed ? (int) Math.max(span, Math.min(Math.abs(exponent), MAX_DIGITS)) : span;
    }
  }

  private static long exponent(Complex value) {
    BigDecimal size = value.re().abs().max(value.im().abs());
    return size.signum() == 0 ? 0 : (long) size.precision() - size.scale() - 1;
  }

  /**
   * The digits to which all is to be computed; throws {@link Value.None} when they are not to be
   * had.
   */
  int digits() {
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

  /** The decimals to which a difference shows when so many digits were computed. */
  static int resolved(int digits) {
    return digits <= DIGITS_FOR_EACH * LARGE_SPAN + DIGITS_BEYOND ? digits / 3 * 2 : digits / 2;
  }
}
