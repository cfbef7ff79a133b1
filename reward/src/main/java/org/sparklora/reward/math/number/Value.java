package org.sparklora.reward.math.number;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The value of an expression: an exact fraction while nothing irrational occurs, else a complex
 * number to 50 digits or more, or an infinity.
 */
public sealed interface Value {

  /** An exact fraction. */
  record Exact(Rational rational) implements Value {}

  /** A complex number to the digits of its arithmetic. */
  record Approximate(Complex complex) implements Value {}

  /** Plus or minus infinity. */
  record Unbounded(int sign) implements Value {}

  /** No value: undefined, or beyond the limits of computing. Has no stack trace. */
  final class None extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public None(String why) {
      super(why, null, false, false);
    }
  }

  /** The result of a computation; empty if one of its values does not exist. */
  static <T> Optional<T> optional(Supplier<T> computation) {
    try {
      return Optional.of(computation.get());
    } catch (None | ArithmeticException none) {
      return Optional.empty();
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

  /** A finite value as a complex number; a fraction to the ordinary 50 digits. */
  static Complex complex(Value value) {
    return complex(value, PreciseMath.ORDINARY);
  }

  /** A finite value as a complex number; a fraction to the digits of {@code math}. */
  static Complex complex(Value value, PreciseMath math) {
    if (value instanceof Exact exact) {
      return Complex.real(exact.rational().toDecimal(math.context()), math);
    }
    if (value instanceof Approximate approximate) {
      return approximate.complex();
    }
    throw new None("infinite");
  }

  /** The value as a whole number, if it is exactly one. */
  static BigInteger whole(Value value) {
    if (value instanceof Exact exact && exact.rational().isInteger()) {
      return exact.rational().numerator();
    }
    throw new None("no whole number");
  }

  static Value add(Value a, Value b, AlgebraLimit budget) {
    if (a instanceof Exact x && b instanceof Exact y) {
      return new Exact(x.rational().plus(y.rational(), budget));
    }
    if (a instanceof Unbounded x) {
      if (b instanceof Unbounded y && x.sign() != y.sign()) {
        throw new None("infinity minus infinity");
      }
      return a;
    }
    if (b instanceof Unbounded) {
      return b;
    }
    PreciseMath math = digits(a, b);
    budget.step(math.operation());
    return new Approximate(complex(a, math).plus(complex(b, math)));
  }

  static Value negate(Value value, AlgebraLimit budget) {
    return multiply(of(-1), value, budget);
  }

  static Value subtract(Value a, Value b, AlgebraLimit budget) {
    return add(a, negate(b, budget), budget);
  }

  static Value multiply(Value a, Value b, AlgebraLimit budget) {
    if (a instanceof Exact x && b instanceof Exact y) {
      budget.checkBits((long) x.rational().bits() + y.rational().bits());
      budget.fractions(x.rational(), y.rational());
      return new Exact(x.rational().times(y.rational()));
    }
    if (a instanceof Unbounded || b instanceof Unbounded) {
      int sign = sign(a) * sign(b);
      if (sign == 0) {
        throw new None("zero times infinity");
      }
      return new Unbounded(sign);
    }
    PreciseMath math = digits(a, b);
    budget.step(2 * math.operation());
    return new Approximate(complex(a, math).times(complex(b, math)));
  }

  static Value divide(Value a, Value b, AlgebraLimit budget) {
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
    Complex divisor = complex(b);
    budget.step(2 * divisor.math().operation());
    Complex one = Complex.real(BigDecimal.ONE, divisor.math());
    return multiply(a, new Approximate(one.dividedBy(divisor)), budget);
  }

  static Value middle(Value a, Value b, AlgebraLimit budget) {
    return divide(add(a, b, budget), of(2), budget);
  }

  /** The digits common to two finite values; fractions have all digits. */
  static PreciseMath digits(Value a, Value b) {
    PreciseMath x = a instanceof Approximate p ? p.complex().math() : null;
    PreciseMath y = b instanceof Approximate p ? p.complex().math() : null;
    if (x == null || y == null) {
      return x != null ? x : y != null ? y : PreciseMath.ORDINARY;
    }
    return x.least(y);
  }

  static boolean isZero(Value value) {
    return value instanceof Exact exact
        ? exact.rational().signum() == 0
        : value instanceof Approximate approximate && approximate.complex().isZero();
  }

  static boolean isReal(Value value) {
    return !(value instanceof Approximate approximate)
        || approximate.complex().isReal()
        || Closeness.hasNegligibleImaginary(approximate.complex());
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
