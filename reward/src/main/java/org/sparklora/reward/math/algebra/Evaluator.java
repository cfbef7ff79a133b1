package org.sparklora.reward.math.algebra;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.Supplier;
import org.sparklora.reward.math.algebra.Expr.Call;
import org.sparklora.reward.math.algebra.Expr.Constant;
import org.sparklora.reward.math.algebra.Expr.Iterated;
import org.sparklora.reward.math.algebra.Expr.Num;
import org.sparklora.reward.math.algebra.Expr.Symbol;
import org.sparklora.reward.math.number.AlgebraLimit;
import org.sparklora.reward.math.number.Closeness;
import org.sparklora.reward.math.number.Complex;
import org.sparklora.reward.math.number.Magnitudes;
import org.sparklora.reward.math.number.PreciseMath;
import org.sparklora.reward.math.number.Rational;
import org.sparklora.reward.math.number.Value;

/**
 * Computes values: exactly while only fractions occur, else to as many digits as their sizes need.
 * This class handles variables, sums, products and operators that bind a variable; {@link Powers}
 * and {@link FunctionValues} the rest.
 *
 * <p>Fifty digits suffice for ordinary numbers. If a larger or smaller one occurred, everything is
 * computed again to enough digits for the difference of the largest and the smallest.
 *
 * <p>An instance serves one verdict on one thread.
 */
public final class Evaluator {
  private static final int MAX_SAMPLE_BITS = 3_000;
  private static final int MAX_TERMS = 20_000;
  private static final int SAMPLE_DIGITS = 400;

  /** Some sizes show only with more digits; the limit is for powers that keep vanishing. */
  private static final int MAX_RAISES = 2;

  private final Map<Symbol, Value> variables;
  private final AlgebraLimit budget;
  private final Magnitudes magnitudes;
  private int raises;
  private PreciseMath math;
  private Powers powers;
  private FunctionValues functions;

  public Evaluator(Map<Symbol, Value> variables, AlgebraLimit budget) {
    this(variables, budget, new Magnitudes(false, !variables.isEmpty(), Magnitudes.MAX_DIGITS));
  }

  private Evaluator(Map<Symbol, Value> variables, AlgebraLimit budget, Magnitudes magnitudes) {
    this(variables, budget, magnitudes, PreciseMath.ORDINARY);
  }

  private Evaluator(
      Map<Symbol, Value> variables, AlgebraLimit budget, Magnitudes magnitudes, PreciseMath math) {
    this.variables = variables;
    this.budget = budget;
    this.magnitudes = magnitudes;
    use(math);
  }

  /** For terms known to the ordinary digits, such as integrals; if more are needed, no value. */
  public static Evaluator ofOrdinaryDigits(Map<Symbol, Value> variables, AlgebraLimit budget) {
    return new Evaluator(variables, budget, new Magnitudes(true, false, Magnitudes.MAX_DIGITS));
  }

  /** For one of many equally good sample points; if more than 400 digits are needed, no value. */
  static Evaluator atSample(Map<Symbol, Value> variables, AlgebraLimit budget) {
    return new Evaluator(variables, budget, new Magnitudes(false, true, SAMPLE_DIGITS));
  }

  private void use(PreciseMath digits) {
    math = digits;
    powers = new Powers(budget, digits);
    functions = new FunctionValues(budget, digits);
  }

  /** Two values to the same digits. */
  public record Pair(Value first, Value second) {}

  /** The value of a term. Throws {@link Value.None}, {@link AlgebraLimit.Exceeded}. */
  Value value(Expr expr) {
    return toEnoughDigits(() -> at(expr));
  }

  /** The values of two terms to be compared. */
  public Pair values(Expr first, Expr second) {
    return toEnoughDigits(() -> new Pair(at(first), at(second)));
  }

  /** Whether two terms have the same value. */
  boolean agree(Expr a, Expr b) {
    Pair pair = values(a, b);
    return Closeness.same(pair.first(), pair.second());
  }

  /** The values of several terms to be compared. */
  public List<Value> values(List<Expr> terms) {
    return toEnoughDigits(() -> terms.stream().map(this::at).toList());
  }

  private <T> T toEnoughDigits(Supplier<T> computation) {
    while (true) {
      try {
        T result = computation.get();
        if (!raised()) {
          return result;
        }
      } catch (Value.None | ArithmeticException none) {
        // A quotient by a sum that vanishes to few digits may be a number to more.
        if (!raised()) {
          throw none;
        }
      }
    }
  }

  /** Raises the digits if the sizes of values need more; returns whether it did. */
  private boolean raised() {
    int digits = magnitudes.digits();
    if (digits <= math.digits() || raises == MAX_RAISES) {
      return false;
    }
    raises++;
    use(PreciseMath.of(digits));
    return true;
  }

  /** A constant expression's value. Throws {@link Value.None}, {@link AlgebraLimit.Exceeded}. */
  public static Value constant(Expr expr, AlgebraLimit budget) {
    return new Evaluator(Map.of(), budget).value(expr);
  }

  /** A constant without decimals as the fraction that it is; another term itself. */
  public static Expr folded(Expr expr, AlgebraLimit budget) {
    return expr.hasDecimal() || !Expr.freeSymbols(expr).isEmpty()
        ? expr
        : SamplePoints.attempt(budget, () -> constant(expr, budget))
            .filter(Value.Exact.class::isInstance)
            .<Expr>map(value -> Num.of(((Value.Exact) value).rational()))
            .orElse(expr);
  }

  /** Compares two real constants; empty when one is not a real constant. */
  public static OptionalInt compare(Expr left, Expr right, AlgebraLimit budget) {
    try {
      Pair pair = new Evaluator(Map.of(), budget).values(left, right);
      return Value.isReal(pair.first()) && Value.isReal(pair.second())
          ? OptionalInt.of(compare(pair.first(), pair.second()))
          : OptionalInt.empty();
    } catch (Value.None | ArithmeticException | AlgebraLimit.Exceeded none) {
      return OptionalInt.empty();
    }
  }

  /** How two real values compare. */
  public static int compare(Value a, Value b) {
    if (a instanceof Value.Exact x && b instanceof Value.Exact y) {
      return x.rational().compareTo(y.rational());
    }
    if (a instanceof Value.Unbounded || b instanceof Value.Unbounded) {
      int x = a instanceof Value.Unbounded u ? u.sign() : 0;
      int y = b instanceof Value.Unbounded u ? u.sign() : 0;
      return Integer.compare(x, y);
    }
    if (Closeness.same(a, b)) {
      return 0;
    }
    PreciseMath math = Value.digits(a, b);
    return Value.complex(a, math).re().compareTo(Value.complex(b, math).re());
  }

  private Value at(Expr expr) {
    Value value = computed(expr);
    magnitudes.note(value, expr instanceof Expr.Num, expr instanceof Expr.Pow);
    return value;
  }

  private Value computed(Expr expr) {
    budget.step();
    if (expr instanceof Num num) {
      return new Value.Exact(num.value());
    } else if (expr instanceof Symbol symbol) {
      Value value = variables.get(symbol);
      if (value == null) {
        throw new Value.None("a variable: " + symbol.name());
      }
      // A sample point counts as exact to all digits.
      return value instanceof Value.Approximate a
          ? new Value.Approximate(a.complex().to(math))
          : value;
    } else if (expr instanceof Constant constant) {
      return constant(constant);
    } else if (expr instanceof Expr.Infinite infinite) {
      return new Value.Unbounded(infinite.sign());
    } else if (expr instanceof Expr.Add add) {
      Value sum = Value.ZERO;
      for (Expr term : add.terms()) {
        sum = tamed(Value.add(sum, at(term), budget));
      }
      return sum;
    } else if (expr instanceof Expr.Mul mul) {
      Value product = Value.ONE;
      for (Expr factor : mul.factors()) {
        product = tamed(Value.multiply(product, at(factor), budget));
      }
      return product;
    } else if (expr instanceof Expr.Pow pow) {
      return powers.power(at(pow.base()), at(pow.exponent()));
    } else if (expr instanceof Expr.Percent percent) {
      return Value.multiply(at(percent.arg()), new Value.Exact(Rational.of(1, 100)), budget);
    } else if (expr instanceof Call call) {
      return functions.value(call, call.args().stream().map(this::at).toList());
    } else if (expr instanceof Expr.Apply apply) {
      return unknownFunction(apply);
    } else if (expr instanceof Iterated iterated) {
      return iterated(iterated);
    }
    throw new Value.None("no number: " + expr.getClass().getSimpleName());
  }

  /** Rounds long fractions at sample points, where they would cost more than they tell. */
  private Value tamed(Value value) {
    return !variables.isEmpty()
            && value instanceof Value.Exact exact
            && exact.rational().bits() > MAX_SAMPLE_BITS
        ? new Value.Approximate(Value.complex(value, math))
        : value;
  }

  private Value constant(Constant constant) {
    budget.step(constant == Constant.EULER_GAMMA ? math.constantGamma() : math.constant());
    Complex value =
        switch (constant) {
          case PI -> Complex.real(math.pi(), math);
          case E -> Complex.real(math.e(), math);
          case EULER_GAMMA -> Complex.real(math.eulerGamma(), math);
          case I -> new Complex(BigDecimal.ZERO, BigDecimal.ONE, math);
        };
    return new Value.Approximate(value);
  }

  /** A pseudo-random value, the same for the same name and equal arguments. */
  private Value unknownFunction(Expr.Apply apply) {
    magnitudes.noteRounding();
    StringBuilder key = new StringBuilder(apply.name());
    for (Expr arg : apply.args()) {
      Value value = at(arg);
      long bits = value instanceof Value.Exact exact ? exact.rational().bits() : 0;
      budget.step(4 * math.operation() + 20 * AlgebraLimit.product(bits));
      key.append(',').append(rounded(value));
    }
    long seed = key.chars().asLongStream().reduce(1125899906842597L, (s, c) -> 31 * s + c);
    return new Value.Exact(Rational.of(1 + Math.floorMod(seed, 99_991L), 20_011));
  }

  private String rounded(Value value) {
    if (value instanceof Value.Exact exact) {
      return rounded(exact.rational().toDecimals(math.digits() / 2)) + " 0";
    }
    Complex complex = Value.complex(value, math);
    return rounded(complex.re()) + ' ' + rounded(complex.im());
  }

  private String rounded(BigDecimal value) {
    return value
        .setScale(math.digits() / 2, RoundingMode.HALF_EVEN)
        .stripTrailingZeros()
        .toPlainString();
  }

  private Value iterated(Iterated iterated) {
    if (iterated.kind() == Iterated.Kind.INTEGRAL) {
      throw new Value.None("an integral");
    }
    BigInteger from = Value.whole(at(iterated.bounds().get(0)));
    BigInteger to = Value.whole(at(iterated.bounds().get(1)));
    BigInteger count = to.subtract(from).add(BigInteger.ONE);
    if (count.signum() < 0 || count.bitLength() > 31 || count.intValueExact() > MAX_TERMS) {
      throw new AlgebraLimit.Exceeded("a sum of " + count + " terms");
    }
    boolean sum = iterated.kind() == Iterated.Kind.SUM;
    Map<Symbol, Value> inner = new HashMap<>(variables);
    Value result = sum ? Value.ZERO : Value.ONE;
    for (int i = 0; i < count.intValueExact(); i++) {
      inner.put(iterated.variable(), Value.of(from.add(BigInteger.valueOf(i))));
      Value term = new Evaluator(inner, budget, magnitudes, math).at(iterated.body());
      result = sum ? Value.add(result, term, budget) : Value.multiply(result, term, budget);
    }
    return result;
  }
}
