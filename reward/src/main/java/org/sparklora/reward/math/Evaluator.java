package org.sparklora.reward.math;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.sparklora.reward.math.Expr.Call;
import org.sparklora.reward.math.Expr.Constant;
import org.sparklora.reward.math.Expr.Iterated;
import org.sparklora.reward.math.Expr.Num;
import org.sparklora.reward.math.Expr.Symbol;

/**
 * Computes values: exactly while only fractions take part, to 50 digits otherwise. Powers and
 * factorials are sized up before they are computed, so a tower of them costs nothing.
 *
 * <p>Belongs to one verdict on one thread.
 */
final class Evaluator {
  private static final int MAX_FACTORIAL = 5_000;
  private static final int MAX_SAMPLE_BITS = 3_000;
  private static final int MAX_TERMS = 20_000;
  private static final BigDecimal TINY = new BigDecimal("1e-30");

  private final Map<Symbol, Value> variables;
  private final Budget budget;

  Evaluator(Map<Symbol, Value> variables, Budget budget) {
    this.variables = variables;
    this.budget = budget;
  }

  /** The value of a constant expression. Throws {@link Value.None}, {@link Budget.Exceeded}. */
  static Value constant(Expr expr, Budget budget) {
    return new Evaluator(Map.of(), budget).value(expr);
  }

  /** How two real constants compare; empty when one is not a real constant. */
  static OptionalInt compare(Expr left, Expr right, Budget budget) {
    try {
      Value a = constant(left, budget);
      Value b = constant(right, budget);
      if (!Value.isReal(a) || !Value.isReal(b)) {
        return OptionalInt.empty();
      }
      return OptionalInt.of(compare(a, b));
    } catch (Value.None | ArithmeticException | Budget.Exceeded none) {
      return OptionalInt.empty();
    }
  }

  /** How two real values compare. */
  static int compare(Value a, Value b) {
    if (a instanceof Value.Exact x && b instanceof Value.Exact y) {
      return x.rational().compareTo(y.rational());
    }
    if (a instanceof Value.Unbounded || b instanceof Value.Unbounded) {
      int x = a instanceof Value.Unbounded u ? u.sign() : 0;
      int y = b instanceof Value.Unbounded u ? u.sign() : 0;
      return Integer.compare(x, y);
    }
    return Closeness.same(a, b) ? 0 : Value.complex(a).re().compareTo(Value.complex(b).re());
  }

  Value value(Expr expr) {
    budget.step();
    if (expr instanceof Num num) {
      return new Value.Exact(num.value());
    } else if (expr instanceof Symbol symbol) {
      Value value = variables.get(symbol);
      if (value == null) {
        throw new Value.None("a variable: " + symbol.name());
      }
      return value;
    } else if (expr instanceof Constant constant) {
      return constant(constant);
    } else if (expr instanceof Expr.Infinite infinite) {
      return new Value.Unbounded(infinite.sign());
    } else if (expr instanceof Expr.Add add) {
      Value sum = Value.ZERO;
      for (Expr term : add.terms()) {
        sum = tamed(Value.add(sum, value(term), budget));
      }
      return sum;
    } else if (expr instanceof Expr.Mul mul) {
      Value product = Value.ONE;
      for (Expr factor : mul.factors()) {
        product = tamed(Value.multiply(product, value(factor), budget));
      }
      return product;
    } else if (expr instanceof Expr.Pow pow) {
      return power(value(pow.base()), value(pow.exponent()));
    } else if (expr instanceof Expr.Percent percent) {
      return Value.multiply(value(percent.arg()), new Value.Exact(Rational.of(1, 100)), budget);
    } else if (expr instanceof Call call) {
      return call(call);
    } else if (expr instanceof Expr.Apply apply) {
      return unknownFunction(apply);
    } else if (expr instanceof Iterated iterated) {
      return iterated(iterated);
    }
    throw new Value.None("no number: " + expr.getClass().getSimpleName());
  }

  /** At sample points 50 digits do: long fractions would cost more than they tell. */
  private Value tamed(Value value) {
    return !variables.isEmpty()
            && value instanceof Value.Exact exact
            && exact.rational().bits() > MAX_SAMPLE_BITS
        ? new Value.Approximate(Value.complex(value))
        : value;
  }

  private static Value constant(Constant constant) {
    return switch (constant) {
      case PI -> Value.of(PreciseMath.PI);
      case E -> Value.of(PreciseMath.E);
      case EULER_GAMMA -> Value.of(PreciseMath.EULER_GAMMA);
      case I -> new Value.Approximate(Complex.I);
    };
  }

  /**
   * An unknown function's value is drawn from its name and arguments: equal arguments, equal
   * values.
   */
  private Value unknownFunction(Expr.Apply apply) {
    StringBuilder key = new StringBuilder(apply.name());
    for (Expr arg : apply.args()) {
      Complex value = Value.complex(value(arg));
      key.append(',').append(rounded(value.re())).append(' ').append(rounded(value.im()));
    }
    long seed = 1125899906842597L;
    for (int i = 0; i < key.length(); i++) {
      seed = 31 * seed + key.charAt(i);
    }
    return new Value.Exact(Rational.of(1 + Math.floorMod(seed, 99_991L), 20_011));
  }

  private static String rounded(BigDecimal value) {
    return value.setScale(25, RoundingMode.HALF_EVEN).stripTrailingZeros().toPlainString();
  }

  private Value power(Value base, Value exponent) {
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
      budget.step(40);
      if (e.rational().equals(Rational.HALF)) {
        return new Value.Approximate(Value.complex(base).sqrt());
      }
    }
    budget.step(80);
    return new Value.Approximate(Value.complex(base).pow(Value.complex(exponent)));
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
      int versusOne = compare(base, Value.ONE);
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
    if (base instanceof Value.Exact exact) {
      Rational rational = exact.rational();
      if (rational.abs().equals(Rational.ONE)) {
        return exponent.testBit(0) ? base : Value.ONE;
      }
      long bits =
          exponent.bitLength() > 31 ? Long.MAX_VALUE : rational.bits() * exponent.abs().longValue();
      if (bits <= Budget.MAX_BITS) {
        budget.checkBits(bits);
        return new Value.Exact(rational.pow(exponent.intValueExact()));
      }
    }
    if (exponent.bitLength() > 40) {
      throw new Budget.Exceeded("a power with an exponent of " + exponent.bitLength() + " bits");
    }
    if (exponent.bitLength() <= 6) {
      Complex result = Complex.real(BigDecimal.ONE);
      Complex factor = Value.complex(base);
      for (int i = 0; i < exponent.abs().intValue(); i++) {
        budget.step();
        result = result.times(factor);
      }
      return new Value.Approximate(
          exponent.signum() > 0 ? result : Complex.real(BigDecimal.ONE).dividedBy(result));
    }
    budget.step(80);
    Complex power = Value.complex(base).pow(Complex.real(new BigDecimal(exponent)));
    // A real base has a real whole power; the logarithm of a negative one left a rounding error.
    return new Value.Approximate(Value.isReal(base) ? Complex.real(power.re()) : power);
  }

  /** The root when it is a fraction, else {@link Value#ZERO}. */
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
    BigInteger above = root(base.numerator(), degree);
    BigInteger below = root(base.denominator(), degree);
    if (above.signum() == 0 || below.signum() == 0) {
      return Value.ZERO;
    }
    return integerPower(new Value.Exact(new Rational(above, below)), exponent.numerator());
  }

  /** The exact root of a positive number, or zero. */
  private BigInteger root(BigInteger value, int degree) {
    if (value.equals(BigInteger.ONE)) {
      return value;
    }
    if (degree == 2) {
      BigInteger root = value.sqrt();
      return root.multiply(root).equals(value) ? root : BigInteger.ZERO;
    }
    if (value.bitLength() > 1000) {
      return BigInteger.ZERO;
    }
    BigInteger guess =
        BigDecimal.valueOf(Math.pow(value.doubleValue(), 1.0 / degree)).toBigInteger();
    for (int offset = -1; offset <= 1; offset++) {
      BigInteger candidate = guess.add(BigInteger.valueOf(offset));
      if (candidate.signum() > 0 && candidate.pow(degree).equals(value)) {
        return candidate;
      }
    }
    return BigInteger.ZERO;
  }

  private Value call(Call call) {
    List<Value> args = call.args().stream().map(this::value).toList();
    Value first = args.get(0);
    return switch (call.name()) {
      case "abs" -> abs(first);
      case "factorial" -> factorial(first);
      case "gamma" -> factorial(Value.add(first, Value.of(-1), budget));
      case "binomial" -> binomial(first, args.get(1));
      case "floor" -> floor(first);
      case "ceiling" -> negate(floor(negate(first)));
      case "mod" -> {
        Value quotient = floor(Value.divide(first, args.get(1), budget));
        yield Value.add(first, negate(Value.multiply(quotient, args.get(1), budget)), budget);
      }
      case "max" -> args.stream().reduce((a, b) -> compareReal(a, b) >= 0 ? a : b).orElseThrow();
      case "min" -> args.stream().reduce((a, b) -> compareReal(a, b) <= 0 ? a : b).orElseThrow();
      case "gcd" ->
          args.stream()
              .map(Evaluator::whole)
              .reduce(BigInteger::gcd)
              .map(Evaluator::exact)
              .orElseThrow();
      case "lcm" ->
          args.stream()
              .map(Evaluator::whole)
              .reduce(Evaluator::lcm)
              .map(Evaluator::exact)
              .orElseThrow();
      case "log" -> log(first, args.get(1), call.args().get(1) == Constant.E);
      default -> new Value.Approximate(elementary(call.name(), first));
    };
  }

  private static int compareReal(Value a, Value b) {
    if (!Value.isReal(a) || !Value.isReal(b)) {
      throw new Value.None("an order of complex numbers");
    }
    return compare(a, b);
  }

  private Value negate(Value value) {
    return Value.multiply(Value.of(-1), value, budget);
  }

  private static Value exact(BigInteger value) {
    return new Value.Exact(Rational.of(value));
  }

  private static BigInteger whole(Value value) {
    if (value instanceof Value.Exact exact && exact.rational().isInteger()) {
      return exact.rational().numerator();
    }
    throw new Value.None("no whole number");
  }

  private static BigInteger lcm(BigInteger a, BigInteger b) {
    return a.signum() == 0 || b.signum() == 0
        ? BigInteger.ZERO
        : a.divide(a.gcd(b)).multiply(b).abs();
  }

  private static Value abs(Value value) {
    if (value instanceof Value.Exact exact) {
      return new Value.Exact(exact.rational().abs());
    }
    return value instanceof Value.Unbounded
        ? new Value.Unbounded(1)
        : Value.of(Value.complex(value).abs());
  }

  private Value factorial(Value value) {
    if (value instanceof Value.Exact exact && exact.rational().isInteger()) {
      BigInteger n = exact.rational().numerator();
      if (n.signum() < 0) {
        throw new Value.None("a factorial of a negative number");
      }
      if (n.bitLength() > 31 || n.intValueExact() > MAX_FACTORIAL) {
        throw new Budget.Exceeded("a factorial of a number of " + n.bitLength() + " bits");
      }
      int last = n.intValueExact();
      budget.step(1 + last);
      return exact(product(1, last));
    }
    if (value instanceof Value.Unbounded || !Value.isReal(value)) {
      throw new Value.None("a factorial of no real number");
    }
    BigDecimal x = Value.complex(value).re();
    if (x.abs().compareTo(BigDecimal.valueOf(MAX_FACTORIAL)) > 0) {
      throw new Budget.Exceeded("a factorial of " + x.toBigInteger());
    }
    budget.step(400);
    return Value.of(PreciseMath.gamma(x.add(BigDecimal.ONE)));
  }

  /** Halves the range, so that the factors multiplied are of like size. */
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
    boolean whole = k instanceof Value.Exact exact && exact.rational().isInteger();
    if (!whole) {
      Value below =
          Value.multiply(factorial(k), factorial(Value.add(n, negate(k), budget)), budget);
      return Value.divide(factorial(n), below, budget);
    }
    BigInteger count = ((Value.Exact) k).rational().numerator();
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
      throw new Budget.Exceeded("a binomial of " + count);
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
    BigDecimal x = Value.complex(value).re();
    BigDecimal nearest = x.setScale(0, RoundingMode.HALF_EVEN);
    // √4 computed to 50 digits may lie a hair below 2.
    boolean whole = nearest.subtract(x).abs().compareTo(TINY) < 0;
    BigDecimal result = whole ? nearest : x.setScale(0, RoundingMode.FLOOR);
    budget.checkBits((long) (3.4 * Math.max(0, result.precision() - result.scale())));
    return exact(result.toBigInteger());
  }

  private Value log(Value value, Value base, boolean natural) {
    if (value instanceof Value.Unbounded unbounded && unbounded.sign() > 0) {
      return value;
    }
    budget.step(150);
    Complex ln = logarithm(value);
    return new Value.Approximate(natural ? ln : ln.dividedBy(logarithm(base)));
  }

  private static Complex logarithm(Value value) {
    if (Value.isZero(value)) {
      throw new Value.None("a logarithm of zero");
    }
    return Value.complex(value).ln();
  }

  private Complex elementary(String name, Value arg) {
    budget.step(100);
    if (arg instanceof Value.Unbounded unbounded) {
      if (name.equals("atan")) {
        BigDecimal half = PreciseMath.PI.divide(BigDecimal.valueOf(2), PreciseMath.CONTEXT);
        return Complex.real(unbounded.sign() > 0 ? half : half.negate());
      }
      throw new Value.None(name + " of infinity");
    }
    Complex x = Value.complex(arg);
    return switch (name) {
      case "sin" -> x.sin();
      case "cos" -> x.cos();
      case "tan" -> quotient(x.sin(), x.cos());
      case "cot" -> quotient(x.cos(), x.sin());
      case "sec" -> quotient(Complex.real(BigDecimal.ONE), x.cos());
      case "csc" -> quotient(Complex.real(BigDecimal.ONE), x.sin());
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

  private static Complex inverse(Complex x) {
    return quotient(Complex.real(BigDecimal.ONE), x);
  }

  private static Complex quotient(Complex above, Complex below) {
    if (below.abs().compareTo(TINY) < 0) {
      throw new Value.None("division by zero");
    }
    return above.dividedBy(below);
  }

  private Value iterated(Iterated iterated) {
    if (iterated.kind() == Iterated.Kind.INTEGRAL) {
      throw new Value.None("an integral");
    }
    BigInteger from = whole(value(iterated.bounds().get(0)));
    BigInteger to = whole(value(iterated.bounds().get(1)));
    BigInteger count = to.subtract(from).add(BigInteger.ONE);
    if (count.signum() < 0 || count.bitLength() > 31 || count.intValueExact() > MAX_TERMS) {
      throw new Budget.Exceeded("a sum of " + count + " terms");
    }
    boolean sum = iterated.kind() == Iterated.Kind.SUM;
    Map<Symbol, Value> inner = new HashMap<>(variables);
    Value result = sum ? Value.ZERO : Value.ONE;
    for (int i = 0; i < count.intValueExact(); i++) {
      inner.put(iterated.variable(), exact(from.add(BigInteger.valueOf(i))));
      Value term = new Evaluator(inner, budget).value(iterated.body());
      result = sum ? Value.add(result, term, budget) : Value.multiply(result, term, budget);
    }
    return result;
  }
}
