package org.sparklora.reward.math;

import java.math.BigDecimal;
import java.math.BigInteger;

/**
 * What an expression is worth: an exact fraction as long as nothing irrational takes part, else a
 * complex number to 50 digits, or an infinity.
 */
sealed interface Value {

  /** An exact fraction. */
  record Exact(Rational rational) implements Value {}

  /** A complex number to 50 digits. */
  record Approximate(Complex complex) implements Value {}

  /** Plus or minus infinity. */
  record Unbounded(int sign) implements Value {}

  /** No value: undefined, or beyond what numbers can tell. Without a stack trace. */
  final class None extends RuntimeException {
    private static final long serialVersionUID = 1L;

    None(String why) {
      super(why, null, false, false);
    }
  }

  Value ZERO = new Exact(Rational.ZERO);
  Value ONE = new Exact(Rational.ONE);

  static Value of(long value) {
    return new Exact(Rational.of(value));
  }

  static Value of(BigInteger value) {
    return new Exact(Rational.of(value));
  }

  static Value of(BigDecimal value) {
    return new Approximate(Complex.real(value));
  }

  /** The 50-digit form of a finite value. */
  static Complex complex(Value value) {
    if (value instanceof Exact exact) {
      return Complex.real(exact.rational().toDecimal());
    }
    if (value instanceof Approximate approximate) {
      return approximate.complex();
    }
    throw new None("infinite");
  }

  /** The whole number that this is exactly. */
  static BigInteger whole(Value value) {
    if (value instanceof Exact exact && exact.rational().isInteger()) {
      return exact.rational().numerator();
    }
    throw new None("no whole number");
  }

  static Value add(Value a, Value b, Budget budget) {
    if (a instanceof Exact x && b instanceof Exact y) {
      Rational sum = x.rational().plus(y.rational());
      budget.checkBits(sum.bits());
      return new Exact(sum);
    }
    if (a instanceof Unbounded x) {
      if (b instanceof Unbounded y && x.sign() != y.sign()) {
        throw new None("infinity minus infinity");
      }
      return a;
    }
    return b instanceof Unbounded ? b : new Approximate(complex(a).plus(complex(b)));
  }

  static Value multiply(Value a, Value b, Budget budget) {
    if (a instanceof Exact x && b instanceof Exact y) {
      budget.checkBits((long) x.rational().bits() + y.rational().bits());
      return new Exact(x.rational().times(y.rational()));
    }
    if (a instanceof Unbounded || b instanceof Unbounded) {
      int sign = sign(a) * sign(b);
      if (sign == 0) {
        throw new None("zero times infinity");
      }
      return new Unbounded(sign);
    }
    budget.step();
    return new Approximate(complex(a).times(complex(b)));
  }

  static Value divide(Value a, Value b, Budget budget) {
    if (b instanceof Unbounded) {
      if (a instanceof Unbounded) {
        throw new None("infinity by infinity");
      }
      return ZERO;
    }
    if (isZero(b)) {
      throw new None("division by zero");
    }
    if (b instanceof Exact y) {
      return multiply(a, new Exact(Rational.ONE.dividedBy(y.rational())), budget);
    }
    return multiply(a, new Approximate(Complex.real(BigDecimal.ONE).dividedBy(complex(b))), budget);
  }

  static boolean isZero(Value value) {
    return value instanceof Exact exact
        ? exact.rational().signum() == 0
        : value instanceof Approximate approximate && approximate.complex().isZero();
  }

  static boolean isReal(Value value) {
    return !(value instanceof Approximate approximate) || isNegligible(approximate.complex());
  }

  private static boolean isNegligible(Complex complex) {
    return complex.isReal()
        || complex.im().abs().compareTo(complex.re().abs().multiply(Closeness.RELATIVE)) <= 0;
  }

  /** The sign of a real value. */
  static int sign(Value value) {
    if (value instanceof Exact exact) {
      return exact.rational().signum();
    }
    if (value instanceof Unbounded unbounded) {
      return unbounded.sign();
    }
    if (!isReal(value)) {
      throw new None("a sign of a complex number");
    }
    return complex(value).re().signum();
  }
}
