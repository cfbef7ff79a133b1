package org.sparklora.reward.math.algebra;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.List;
import org.sparklora.reward.math.algebra.Expr.Call;
import org.sparklora.reward.math.algebra.Expr.Constant;
import org.sparklora.reward.math.number.AlgebraLimit;
import org.sparklora.reward.math.number.Closeness;
import org.sparklora.reward.math.number.Complex;
import org.sparklora.reward.math.number.PreciseMath;
import org.sparklora.reward.math.number.Value;

/**
 * Values of named functions. Estimates the size of factorials and binomials before computing them,
 * so a tower of them costs nothing.
 */
record FunctionValues(AlgebraLimit budget, PreciseMath math) {
  private static final int MAX_FACTORIAL = 10_000;
  private static final BigDecimal TINY = new BigDecimal("1e-30");

  /** The value for these arguments. Throws {@link Value.None}, {@link AlgebraLimit.Exceeded}. */
  Value value(Call call, List<Value> args) {
    Value first = args.get(0);
    return switch (call.name()) {
      case "abs" -> {
        budget.step(math.root());
        yield abs(first);
      }
      case "factorial" -> factorial(first);
      case "gamma" -> factorial(Value.add(first, Value.of(-1), budget));
      case "binomial" -> binomial(first, args.get(1));
      case "floor" -> floor(first);
      case "ceiling" -> Value.negate(floor(Value.negate(first, budget)), budget);
      case "mod" -> {
        Value quotient = floor(Value.divide(first, args.get(1), budget));
        yield Value.subtract(first, Value.multiply(quotient, args.get(1), budget), budget);
      }
      case "max" -> args.stream().reduce((a, b) -> compareReal(a, b) >= 0 ? a : b).orElseThrow();
      case "min" -> args.stream().reduce((a, b) -> compareReal(a, b) <= 0 ? a : b).orElseThrow();
      case "gcd" -> args.stream().map(Value::whole).reduce(this::gcd).map(Value::of).orElseThrow();
      case "lcm" -> args.stream().map(Value::whole).reduce(this::lcm).map(Value::of).orElseThrow();
      case "log" -> log(first, args.get(1), call.args().get(1) == Constant.E);
      default -> new Value.Approximate(elementary(call.name(), first));
    };
  }

  private static int compareReal(Value a, Value b) {
    if (!Value.isReal(a) || !Value.isReal(b)) {
      throw new Value.None("an order of complex numbers");
    }
    return Evaluator.compare(a, b);
  }

  private BigInteger gcd(BigInteger a, BigInteger b) {
    budget.step(AlgebraLimit.commonDivisor(Math.min(a.bitLength(), b.bitLength())));
    budget.step(4 * AlgebraLimit.product(Math.max(a.bitLength(), b.bitLength())));
    return a.gcd(b);
  }

  private BigInteger lcm(BigInteger a, BigInteger b) {
    if (a.signum() == 0 || b.signum() == 0) {
      return BigInteger.ZERO;
    }
    budget.checkBits((long) a.bitLength() + b.bitLength());
    return a.divide(gcd(a, b)).multiply(b).abs();
  }

  private static Value abs(Value value) {
    if (value instanceof Value.Exact exact) {
      return new Value.Exact(exact.rational().abs());
    }
    return value instanceof Value.Approximate approximate
        ? new Value.Approximate(
            Complex.real(approximate.complex().abs(), approximate.complex().math()))
        : new Value.Unbounded(1);
  }

  private Value factorial(Value value) {
    if (value instanceof Value.Exact exact && exact.rational().isInteger()) {
      BigInteger n = exact.rational().numerator();
      if (n.signum() < 0) {
        throw new Value.None("a factorial of a negative number");
      }
      if (n.bitLength() > 31 || n.intValueExact() > MAX_FACTORIAL) {
        throw new AlgebraLimit.Exceeded("a factorial of a number of " + n.bitLength() + " bits");
      }
      int last = n.intValueExact();
      // n factors, split in halves until few; their product has about n log n bits.
      budget.step(1 + last + 8 * AlgebraLimit.product(last * 14L));
      return Value.of(product(1, last));
    }
    if (value instanceof Value.Unbounded || !Value.isReal(value)) {
      throw new Value.None("a factorial of no real number");
    }
    BigDecimal x = complex(value).re();
    if (x.abs().compareTo(BigDecimal.valueOf(MAX_FACTORIAL)) > 0) {
      throw new AlgebraLimit.Exceeded("a factorial of " + x.toBigInteger());
    }
    budget.step(400);
    return new Value.Approximate(Complex.real(math.gamma(x.add(BigDecimal.ONE)), math));
  }

  /** Splits the range in halves, so that factors of similar size are multiplied. */
  private static BigInteger product(int from, int to) {
    if (to - from < 8) {
      BigInteger product = BigInteger.ONE;
      for (int i = from; i <= to; i++) {
        product = product.multiply(BigInteger.valueOf(i));
      }
      return product;
    }
    int middle = (from + to) >>> 1;
    return product(from, middle).multiply(product(middle + 1, to));
  }

  private Value binomial(Value n, Value k) {
    if (!(k instanceof Value.Exact lower) || !lower.rational().isInteger()) {
      Value below = Value.multiply(factorial(k), factorial(Value.subtract(n, k, budget)), budget);
      return Value.divide(factorial(n), below, budget);
    }
    BigInteger count = lower.rational().numerator();
    if (count.signum() < 0) {
      return Value.ZERO;
    }
    // C(n, k) = C(n, n−k) keeps the product short for whole n.
    if (n instanceof Value.Exact exact
        && exact.rational().isInteger()
        && exact.rational().signum() >= 0) {
      BigInteger rest = exact.rational().numerator().subtract(count);
      if (rest.signum() < 0) {
        return Value.ZERO;
      }
      count = count.min(rest);
    }
    if (count.bitLength() > 31 || count.intValueExact() > MAX_FACTORIAL) {
      throw new AlgebraLimit.Exceeded("a binomial of " + count);
    }
    Value result = Value.ONE;
    for (int i = 1; i <= count.intValueExact(); i++) {
      Value factor = Value.add(n, Value.of(1L - i), budget);
      result = Value.divide(Value.multiply(result, factor, budget), Value.of(i), budget);
    }
    return result;
  }

  private Value floor(Value value) {
    if (value instanceof Value.Exact exact) {
      return new Value.Exact(exact.rational().floor());
    }
    if (value instanceof Value.Unbounded) {
      return value;
    }
    if (!Value.isReal(value)) {
      throw new Value.None("a floor of a complex number");
    }
    BigDecimal x = complex(value).re();
    BigDecimal nearest = x.setScale(0, RoundingMode.HALF_EVEN);
    // √4 computed to 50 digits may be slightly below 2.
    boolean whole = nearest.subtract(x).abs().compareTo(rounding()) < 0;
    BigDecimal result = whole ? nearest : x.setScale(0, RoundingMode.FLOOR);
    budget.checkBits((long) (3.4 * Math.max(0, result.precision() - result.scale())));
    return Value.of(result.toBigInteger());
  }

  private Value log(Value value, Value base, boolean natural) {
    if (value instanceof Value.Unbounded unbounded && unbounded.sign() > 0) {
      return value;
    }
    boolean real = isReal(value) && isReal(base);
    budget.step(2 * (math.logarithm() + (real ? 0 : math.root() + math.angle())));
    Complex ln = logarithm(value);
    return new Value.Approximate(natural ? ln : ln.dividedBy(logarithm(base)));
  }

  private Complex complex(Value value) {
    return Value.complex(value, math);
  }

  private Complex logarithm(Value value) {
    if (Value.isZero(value)) {
      throw new Value.None("a logarithm of zero");
    }
    return complex(value).ln();
  }

  private static boolean isReal(Value value) {
    return !(value instanceof Value.Approximate approximate) || approximate.complex().isReal();
  }

  /**
   * The steps of a function: one kind of series for real numbers, roots as well for atan and acot;
   * all kinds for other inverses and for complex numbers.
   */
  private long cost(String name, Value arg) {
    boolean inverse = name.startsWith("a");
    boolean hyperbolic = name.endsWith("h");
    if (!isReal(arg) || inverse && !name.equals("atan") && !name.equals("acot")) {
      return 2 * (math.logarithm() + math.exponential() + math.root() + 2 * math.angle());
    }
    return hyperbolic ? math.exponential() : 2 * math.angle() + (inverse ? 3 * math.root() : 0);
  }

  private Complex elementary(String name, Value arg) {
    budget.step(cost(name, arg));
    if (arg instanceof Value.Unbounded unbounded) {
      if (name.equals("atan")) {
        BigDecimal half = math.pi().divide(BigDecimal.valueOf(2), math.context());
        return Complex.real(unbounded.sign() > 0 ? half : half.negate(), math);
      }
      throw new Value.None(name + " of infinity");
    }
    Complex x = complex(arg);
    return switch (name) {
      case "sin" -> x.sin();
      case "cos" -> x.cos();
      case "tan" -> quotient(x.sin(), x.cos());
      case "cot" -> quotient(x.cos(), x.sin());
      case "sec" -> inverse(x.cos());
      case "csc" -> inverse(x.sin());
      case "asin" -> x.asin();
      case "acos" -> x.acos();
      case "atan" -> x.atan();
      case "acot" -> inverse(x).atan();
      case "asec" -> inverse(x).acos();
      case "acsc" -> inverse(x).asin();
      case "sinh" -> x.sinh();
      case "cosh" -> x.cosh();
      case "tanh" -> quotient(x.sinh(), x.cosh());
      case "asinh" -> x.asinh();
      case "acosh" -> x.acosh();
      case "atanh" -> x.atanh();
      default -> throw new Value.None("no such function: " + name);
    };
  }

  private Complex inverse(Complex x) {
    return quotient(Complex.real(BigDecimal.ONE, math), x);
  }

  private BigDecimal rounding() {
    return Closeness.isOrdinary(math) ? TINY : Closeness.resolution(math);
  }

  private Complex quotient(Complex above, Complex below) {
    if (below.abs().compareTo(rounding()) < 0) {
      throw new Value.None("division by zero");
    }
    return above.dividedBy(below);
  }
}
