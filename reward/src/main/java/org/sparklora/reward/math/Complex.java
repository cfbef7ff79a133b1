package org.sparklora.reward.math;

import static java.math.BigDecimal.ONE;
import static java.math.BigDecimal.ZERO;

import java.math.BigDecimal;
import java.math.MathContext;

/**
 * A complex number to about 50 digits, with the principal values of the elementary functions. Real
 * arguments take real paths, so their imaginary part stays exactly zero.
 *
 * <p>Immutable and thread-safe.
 */
record Complex(BigDecimal re, BigDecimal im) {
  private static final MathContext CONTEXT = new MathContext(60);
  private static final BigDecimal TWO = BigDecimal.valueOf(2);
  static final Complex I = new Complex(ZERO, ONE);

  static Complex real(BigDecimal re) {
    return new Complex(re, ZERO);
  }

  boolean isReal() {
    return im.signum() == 0;
  }

  boolean isZero() {
    return re.signum() == 0 && im.signum() == 0;
  }

  Complex plus(Complex o) {
    return new Complex(re.add(o.re, CONTEXT), im.add(o.im, CONTEXT));
  }

  Complex minus(Complex o) {
    return new Complex(re.subtract(o.re, CONTEXT), im.subtract(o.im, CONTEXT));
  }

  Complex negate() {
    return new Complex(re.negate(), im.negate());
  }

  Complex times(Complex o) {
    if (isReal() && o.isReal()) {
      return real(re.multiply(o.re, CONTEXT));
    }
    return new Complex(
        re.multiply(o.re, CONTEXT).subtract(im.multiply(o.im, CONTEXT), CONTEXT),
        re.multiply(o.im, CONTEXT).add(im.multiply(o.re, CONTEXT), CONTEXT));
  }

  /** Throws {@link ArithmeticException} for a zero divisor. */
  Complex dividedBy(Complex o) {
    if (o.isReal()) {
      return new Complex(re.divide(o.re, CONTEXT), im.divide(o.re, CONTEXT));
    }
    BigDecimal norm = o.re.multiply(o.re, CONTEXT).add(o.im.multiply(o.im, CONTEXT), CONTEXT);
    Complex product = times(new Complex(o.re, o.im.negate()));
    return new Complex(product.re.divide(norm, CONTEXT), product.im.divide(norm, CONTEXT));
  }

  BigDecimal abs() {
    if (isReal()) {
      return re.abs();
    }
    return PreciseMath.sqrt(re.multiply(re, CONTEXT).add(im.multiply(im, CONTEXT), CONTEXT));
  }

  Complex exp() {
    BigDecimal size = PreciseMath.exp(re);
    if (isReal()) {
      return real(size);
    }
    return new Complex(
        size.multiply(PreciseMath.cos(im), CONTEXT), size.multiply(PreciseMath.sin(im), CONTEXT));
  }

  /** Throws {@link ArithmeticException} at zero. */
  Complex ln() {
    if (isZero()) {
      throw new ArithmeticException("Logarithm of zero");
    }
    if (isReal()) {
      return new Complex(PreciseMath.ln(re.abs()), re.signum() < 0 ? PreciseMath.PI : ZERO);
    }
    return new Complex(PreciseMath.ln(abs()), PreciseMath.atan2(im, re));
  }

  Complex sqrt() {
    if (isReal()) {
      return re.signum() >= 0
          ? real(PreciseMath.sqrt(re))
          : new Complex(ZERO, PreciseMath.sqrt(re.negate()));
    }
    return ln().times(real(new BigDecimal("0.5"))).exp();
  }

  Complex pow(Complex exponent) {
    if (isZero()) {
      if (exponent.isReal() && exponent.re.signum() > 0) {
        return this;
      }
      throw new ArithmeticException("Zero to a power that is not positive");
    }
    return ln().times(exponent).exp();
  }

  Complex sin() {
    if (isReal()) {
      return real(PreciseMath.sin(re));
    }
    Complex e = times(I).exp();
    return e.minus(real(ONE).dividedBy(e)).dividedBy(new Complex(ZERO, TWO));
  }

  Complex cos() {
    if (isReal()) {
      return real(PreciseMath.cos(re));
    }
    Complex e = times(I).exp();
    return e.plus(real(ONE).dividedBy(e)).dividedBy(real(TWO));
  }

  Complex sinh() {
    Complex e = exp();
    return e.minus(real(ONE).dividedBy(e)).dividedBy(real(TWO));
  }

  Complex cosh() {
    Complex e = exp();
    return e.plus(real(ONE).dividedBy(e)).dividedBy(real(TWO));
  }

  Complex asin() {
    Complex root = real(ONE).minus(times(this)).sqrt();
    if (isReal() && re.abs().compareTo(ONE) <= 0) {
      return real(PreciseMath.atan2(re, root.re));
    }
    // asin z = −i ln(iz + √(1 − z²))
    return times(I).plus(root).ln().times(I).negate();
  }

  Complex acos() {
    return real(PreciseMath.PI.divide(TWO, CONTEXT)).minus(asin());
  }

  Complex atan() {
    if (isReal()) {
      return real(PreciseMath.atan(re));
    }
    // atan z = i/2 (ln(1 − iz) − ln(1 + iz))
    Complex iz = times(I);
    Complex difference = real(ONE).minus(iz).ln().minus(real(ONE).plus(iz).ln());
    return difference.times(I).dividedBy(real(TWO));
  }

  Complex asinh() {
    return plus(times(this).plus(real(ONE)).sqrt()).ln();
  }

  Complex acosh() {
    return plus(minus(real(ONE)).sqrt().times(plus(real(ONE)).sqrt())).ln();
  }

  Complex atanh() {
    return real(ONE).plus(this).dividedBy(real(ONE).minus(this)).ln().dividedBy(real(TWO));
  }
}
