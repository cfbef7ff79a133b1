package org.sparklora.reward.math;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalInt;
import org.sparklora.reward.math.Expr.Call;
import org.sparklora.reward.math.Expr.Constant;
import org.sparklora.reward.math.Expr.Iterated;
import org.sparklora.reward.math.Expr.Num;
import org.sparklora.reward.math.Expr.Symbol;

/**
 * Computes values: exactly while only fractions take part, to 50 digits otherwise. Here are
 * variables, sums, products and what binds a variable; {@link Powers} and {@link FunctionValues}
 * have the rest.
 *
 * <p>Belongs to one verdict on one thread.
 */
final class Evaluator {
  private static final int MAX_SAMPLE_BITS = 3_000;
  private static final int MAX_TERMS = 20_000;

  private final Map<Symbol, Value> variables;
  private final Budget budget;
  private final Powers powers;
  private final FunctionValues functions;

  Evaluator(Map<Symbol, Value> variables, Budget budget) {
    this.variables = variables;
    this.budget = budget;
    this.powers = new Powers(budget);
    this.functions = new FunctionValues(budget);
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
      return powers.power(value(pow.base()), value(pow.exponent()));
    } else if (expr instanceof Expr.Percent percent) {
      return Value.multiply(value(percent.arg()), new Value.Exact(Rational.of(1, 100)), budget);
    } else if (expr instanceof Call call) {
      return functions.value(call, call.args().stream().map(this::value).toList());
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

  private Value iterated(Iterated iterated) {
    if (iterated.kind() == Iterated.Kind.INTEGRAL) {
      throw new Value.None("an integral");
    }
    BigInteger from = Value.whole(value(iterated.bounds().get(0)));
    BigInteger to = Value.whole(value(iterated.bounds().get(1)));
    BigInteger count = to.subtract(from).add(BigInteger.ONE);
    if (count.signum() < 0 || count.bitLength() > 31 || count.intValueExact() > MAX_TERMS) {
      throw new Budget.Exceeded("a sum of " + count + " terms");
    }
    boolean sum = iterated.kind() == Iterated.Kind.SUM;
    Map<Symbol, Value> inner = new HashMap<>(variables);
    Value result = sum ? Value.ZERO : Value.ONE;
    for (int i = 0; i < count.intValueExact(); i++) {
      inner.put(iterated.variable(), Value.of(from.add(BigInteger.valueOf(i))));
      Value term = new Evaluator(inner, budget).value(iterated.body());
      result = sum ? Value.add(result, term, budget) : Value.multiply(result, term, budget);
    }
    return result;
  }
}
