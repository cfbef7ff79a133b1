package org.sparklora.reward.math.number;

import static java.math.BigDecimal.ONE;
import static java.math.BigDecimal.ZERO;

import java.math.BigDecimal;
import java.math.MathContext;

/**
 * A complex number to the digits of its arithmetic, with the principal values of elementary
 * functions. Real arguments have real paths, so their imaginary part stays exactly zero.
 *
 * <p>Immutable and thread-safe.
 *
 * @param math digits to which the parts, and values computed from them, are right
 */
public record Complex(BigDecimal re, BigDecimal im, PreciseMath math) {
  private static final BigDecimal TWO = BigDecimal.valueOf(2);

  /** A number to the ordinary digits. */
  public Complex(BigDecimal re, BigDecimal im) {
    this(re, im, PreciseMath.ORDINARY);
  }

  /** A real number to the ordinary digits. */
  public static Complex real(BigDecimal re) {
    return new Complex(re, ZERO);
  }

  public static Complex real(BigDecimal re, PreciseMath math) {
    return new Complex(re, ZERO, math);
  }

  /** A number known exactly, with the digits of this number's arithmetic. */
  private Complex exactly(BigDecimal re) {
    return new Complex(re, ZERO, math);
  }

  /** The same parts, taken as exact to these digits. */
  public Complex to(PreciseMath digits) {
    return new Complex(re, im, digits);
  }

  public boolean isReal() {
    return im.signum() == 0;
  }

  boolean isZero() {
    return re.signum() == 0 && im.signum() == 0;
  }

  public Complex plus(Complex o) {
    PreciseMath least = math.least(o.math);
    MathContext context = least.inner();
    return new Complex(re.add(o.re, context), im.add(o.im, context), least);
  }

  public Complex minus(Complex o) {
    PreciseMath least = math.least(o.math);
    MathContext context = least.inner();
    return new Complex(re.subtract(o.re, context), im.subtract(o.im, context), least);
  }

  Complex negate() {
    return new Complex(re.negate(), im.negate(), math);
  }

  public Complex times(Complex o) {
    PreciseMath least = math.least(o.math);
    MathContext context = least.inner();
    if (isReal() && o.isReal()) {
      return real(re.multiply(o.re, context), least);
    }
    return new Complex(
        re.multiply(o.re, context).subtract(im.multiply(o.im, context), context),
        re.multiply(o.im, context).add(im.multiply(o.re, context), context),
        least);
  }

  /** Throws {@link ArithmeticException} for a zero divisor. */
  public Complex dividedBy(Complex o) {
    PreciseMath least = math.least(o.math);
    MathContext context = least.inner();
    if (o.isReal()) {
      return new Complex(
          PreciseMath.quotient(re, o.re, context),
          im.signum() == 0 ? ZERO : PreciseMath.quotient(im, o.re, context),
          least);
    }
    BigDecimal norm = o.re.multiply(o.re, context).add(o.im.multiply(o.im, context), context);
    Complex product = times(new Complex(o.re, o.im.negate(), o.math));
    return new Complex(
        PreciseMath.quotient(product.re, norm, context),
        PreciseMath.quotient(product.im, norm, context),
        least);
  }

  public BigDecimal abs() {
    if (isReal()) {
      return re.abs();
    }
    MathContext context = math.inner();
    return math.sqrt(re.multiply(re, context).add(im.multiply(im, context), context));
  }

  Complex exp() {
    BigDecimal size = math.exp(re);
    if (isReal()) {
      return exactly(size);
    }
    return new Complex(
        size.multiply(math.cos(im), math.inner()), size.multiply(math.sin(im), math.inner()), math);
  }

  /** Throws {@link ArithmeticException} at zero. */
  public Complex ln() {
    if (isZero()) {
      throw new ArithmeticException("Logarithm of zero");
    }
    if (isReal()) {
      return new Complex(math.ln(re.abs()), re.signum() < 0 ? math.pi() : ZERO, math);
    }
    return new Complex(math.ln(abs()), math.atan2(im, re), math);
  }

  public Complex sqrt() {
    if (isReal()) {
      return re.signum() >= 0
          ? exactly(math.sqrt(re))
          : new Complex(ZERO, math.sqrt(re.negate()), math);
    }
    return ln().times(exactly(new BigDecimal("0.5"))).exp();
  }

  private Complex imaginaryUnit() {
    return new Complex(ZERO, ONE, math);
  }

  public Complex pow(Complex exponent) {
    if (isZero()) {
      if (exponent.isReal() && exponent.re.signum() > 0) {
        return this;
      }
      throw new ArithmeticException("Zero to a power that is not positive");
    }
    return ln().times(exponent).exp();
  }

  public Complex sin() {
    if (isReal()) {
      return exactly(math.sin(re));
    }
    Complex e = times(imaginaryUnit()).exp();
    return e.minus(exactly(ONE).dividedBy(e)).dividedBy(new Complex(ZERO, TWO, math));
  }

  public Complex cos() {
    if (isReal()) {
      return exactly(math.cos(re));
    }
    return times(imaginaryUnit()).cosh();
  }

  public Complex sinh() {
    Complex e = exp();
    return e.minus(exactly(ONE).dividedBy(e)).dividedBy(exactly(TWO));
  }

  public Complex cosh() {
    Complex e = exp();
    return e.plus(exactly(ONE).dividedBy(e)).dividedBy(exactly(TWO));
  }

  public Complex asin() {
    Complex root = exactly(ONE).minus(times(this)).sqrt();
    if (isReal() && re.abs().compareTo(ONE) <= 0) {
      return exactly(math.atan2(re, root.re));
    }
    // asin z = −i ln(iz + √(1 − z²))
    return times(imaginaryUnit()).plus(root).ln().times(imaginaryUnit()).negate();
  }

  public Complex acos() {
    return exactly(math.pi().divide(TWO, math.inner())).minus(asin());
  }

  public Complex atan() {
    if (isReal()) {
      return exactly(math.atan(re));
    }
    // atan z = i/2 (ln(1 − iz) − ln(1 + iz))
    Complex iz = times(imaginaryUnit());
    Complex difference = exactly(ONE).minus(iz).ln().minus(exactly(ONE).plus(iz).ln());
    return difference.times(imaginaryUnit()).dividedBy(exactly(TWO));
  }

  public Complex asinh() {
    return plus(times(this).plus(exactly(ONE)).sqrt()).ln();
  }

  public Complex acosh() {
    return plus(minus(exactly(ONE)).sqrt().times(plus(exactly(ONE)).sqrt())).ln();
  }

  public Complex atanh() {
    return exactly(ONE).plus(this).dividedBy(exactly(ONE).minus(this)).ln().dividedBy(exactly(TWO));
  }
}
