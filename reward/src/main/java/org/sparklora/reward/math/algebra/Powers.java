package org.sparklora.reward.math.algebra;

import java.math.BigDecimal;
import java.math.BigInteger;
import org.sparklora.reward.math.number.AlgebraLimit;
import org.sparklora.reward.math.number.Closeness;
import org.sparklora.reward.math.number.Complex;
import org.sparklora.reward.math.number.PreciseMath;
import org.sparklora.reward.math.number.Rational;
import org.sparklora.reward.math.number.Value;
import org.sparklora.reward.math.number.WholeRoots;

/**
 * Powers and roots of values: exact if the result is a fraction, else to the digits of {@code
 * math}. Estimates sizes before computing, so a tower of powers costs nothing.
 */
record Powers(AlgebraLimit budget, PreciseMath math) {

  /** The base to the exponent. Throws {@link Value.None}, {@link AlgebraLimit.Exceeded}. */
  Value power(Value base, Value exponent) {
    if (base instanceof Value.Unbounded || exponent instanceof Value.Unbounded) {
      return unboundedPower(base, exponent);
    }
    if (exponent instanceof Value.Exact e) {
      if (e.rational().isInteger()) {
        return integerPower(base, e.rational().numerator());
      }
      if (base instanceof Value.Exact b && b.rational().signum() >= 0) {
        Value root = exactRoot(b.rational(), e.rational());
        if (root != Value.ZERO || b.rational().signum() == 0) {
          return root;
        }
      }
      if (e.rational().equals(Rational.HALF)) {
        boolean real = base instanceof Value.Exact || complex(base).isReal();
        budget.step(real ? math.root() : complexPower());
        return new Value.Approximate(complex(base).sqrt());
      }
    }
    budget.step(staysReal(base) && staysReal(exponent) ? realPower() : complexPower());
    return new Value.Approximate(complex(base).pow(complex(exponent)));
  }

  private Complex complex(Value value) {
    return Value.complex(value, math);
  }

  /** Whether logarithm and exponential of the value are real. */
  private static boolean staysReal(Value value) {
    return value instanceof Value.Exact exact
        ? exact.rational().signum() >= 0
        : value instanceof Value.Approximate approximate
            && approximate.complex().isReal()
            && approximate.complex().re().signum() >= 0;
  }

  /** The steps of a real power: a logarithm, a product and an exponential. */
  private long realPower() {
    return math.logarithm() + math.exponential();
  }

  /** The steps of a complex power: also the angle of the base, sine and cosine of the exponent. */
  private long complexPower() {
    return realPower() + 3 * math.angle();
  }

  private static Value unboundedPower(Value base, Value exponent) {
    if (base instanceof Value.Unbounded u && exponent instanceof Value.Exact e) {
      if (e.rational().signum() < 0) {
        return Value.ZERO;
      }
      if (e.rational().signum() > 0 && u.sign() > 0) {
        return base;
      }
    }
    if (exponent instanceof Value.Unbounded u && !(base instanceof Value.Unbounded)) {
      int versusOne = Evaluator.compare(base, Value.ONE);
      if (Value.sign(base) > 0 && versusOne != 0) {
        return versusOne > 0 == u.sign() > 0 ? new Value.Unbounded(1) : Value.ZERO;
      }
    }
    throw new Value.None("a power of infinity");
  }

  private Value integerPower(Value base, BigInteger exponent) {
    if (exponent.signum() == 0) {
      return Value.ONE;
    }
    if (Value.isZero(base)) {
      if (exponent.signum() < 0) {
        throw new Value.None("division by zero");
      }
      return base;
    }
    if (exponent.signum() < 0 && Closeness.isVanishing(base)) {
      throw new Value.None("division by what may be zero");
    }
    if (base instanceof Value.Exact exact) {
      Rational rational = exact.rational();
      if (rational.abs().equals(Rational.ONE)) {
        return exponent.testBit(0) ? base : Value.ONE;
      }
      long bits =
          exponent.bitLength() > 31 ? Long.MAX_VALUE : rational.bits() * exponent.abs().longValue();
      if (bits <= AlgebraLimit.MAX_BITS) {
        budget.checkBits(bits);
        budget.step(4 * AlgebraLimit.product(bits) + commonDivisor(rational, exponent));
        return new Value.Exact(rational.pow(exponent.intValueExact()));
      }
    }
    if (exponent.bitLength() > 40) {
      throw new AlgebraLimit.Exceeded(
          "a power with an exponent of " + exponent.bitLength() + " bits");
    }
    if (exponent.bitLength() <= 6) {
      Complex one = Complex.real(BigDecimal.ONE, math);
      Complex result = one;
      Complex factor = complex(base);
      for (int i = 0; i < exponent.abs().intValue(); i++) {
        budget.step(2 * math.operation());
        result = result.times(factor);
      }
      return new Value.Approximate(exponent.signum() > 0 ? result : one.dividedBy(result));
    }
    budget.step(staysReal(base) ? realPower() : complexPower());
    Complex power = complex(base).pow(Complex.real(new BigDecimal(exponent), math));
    // A whole power of a real base is real; the logarithm of a negative base left a rounding error.
    return new Value.Approximate(
        Value.isReal(base) ? Complex.real(power.re(), power.math()) : power);
  }

  /** The steps of reducing a fraction's power to lowest terms. */
  private static long commonDivisor(Rational base, BigInteger exponent) {
    int shorter = Math.min(base.numerator().bitLength(), base.denominator().bitLength());
    return AlgebraLimit.commonDivisor((shorter - 1) * exponent.abs().longValue());
  }

  /** The root if it is a fraction, else {@link Value#ZERO}. */
  private Value exactRoot(Rational base, Rational exponent) {
    if (base.signum() == 0) {
      if (exponent.signum() < 0) {
        throw new Value.None("division by zero");
      }
      return Value.ZERO;
    }
    if (exponent.denominator().bitLength() > 6 || exponent.numerator().bitLength() > 12) {
      return Value.ZERO;
    }
    int degree = exponent.denominator().intValueExact();
    BigInteger above = WholeRoots.exact(base.numerator(), degree, budget);
    BigInteger below = WholeRoots.exact(base.denominator(), degree, budget);
    if (above.signum() == 0 || below.signum() == 0) {
      return Value.ZERO;
    }
    return integerPower(new Value.Exact(new Rational(above, below)), exponent.numerator());
  }
}
