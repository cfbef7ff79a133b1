package org.sparklora.reward.math;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.sparklora.reward.math.Expr.Iterated;
import org.sparklora.reward.math.Expr.Symbol;

/**
 * Whether two terms are the same function of their variables. Both are evaluated at fixed points,
 * exactly where they are rational and to 50 digits otherwise: unlike terms agree at none of them,
 * and the points cover signs and sizes, so √(x²) is |x| but ln(ab) is not ln a + ln b.
 *
 * <p>Belongs to one verdict.
 */
final class Identity {
  /** Parts of the points' coordinates: distinct primes keep terms from agreeing by chance. */
  private static final int[] ABOVE = {17, 29, 41, 53, 67, 79, 97, 109, 127, 139, 151, 163};

  private static final int[] BELOW = {23, 13, 37, 31, 19, 43, 59, 47, 61, 71, 73, 83};

  /** For sums up to a variable, factorials and the like: enough whole points for any low degree. */
  private static final int[] WHOLE = {2, 3, 4, 5, 7, 9, 12};

  private static final int POINTS = 5;

  private final Algebra algebra;
  private final boolean floats;
  private final Budget budget;

  /**
   * @param floats whether decimals inside constants are floats, as the reference's are, or
   *     fractions
   */
  Identity(Algebra algebra, boolean floats, Budget budget) {
    this.algebra = algebra;
    this.floats = floats;
    this.budget = budget;
  }

  /** Whether {@code a − b} is zero wherever both have a value. */
  boolean holds(Expr a, Expr b) {
    Optional<Expr> left = workedOut(a);
    Optional<Expr> right = workedOut(b);
    if (left.isEmpty() || right.isEmpty()) {
      return false;
    }
    Expr x = left.get();
    Expr y = right.get();
    List<Symbol> symbols = symbols(x, y);
    if (symbols.isEmpty()) {
      return sameConstant(x, y);
    }
    int agreed = 0;
    for (Map<Symbol, Value> point :
        points(symbols, countsWholes(x) || countsWholes(y), needsPositive(x) || needsPositive(y))) {
      Optional<Boolean> agree = agreeAt(point, x, y);
      if (agree.isPresent() && !agree.get()) {
        return false;
      }
      agreed += agree.isPresent() ? 1 : 0;
    }
    return agreed >= 2;
  }

  private boolean sameConstant(Expr a, Expr b) {
    try {
      return (floats ? DecimalArithmetic.equal(a, b, budget) : Optional.<Boolean>empty())
          .orElseGet(() -> agreeAt(Map.of(), a, b).orElse(false));
    } catch (Value.None | ArithmeticException none) {
      return false;
    }
  }

  /** Whether {@code a = c·b} for one constant c other than zero. */
  boolean proportional(Expr a, Expr b) {
    return ratio(a, b).isPresent();
  }

  /** The constant c of {@code a = c·b}; empty when there is none. */
  Optional<Value> ratio(Expr a, Expr b) {
    List<Symbol> symbols = symbols(a, b);
    if (symbols.isEmpty()) {
      return Optional.empty();
    }
    Optional<Value> ratio = Optional.empty();
    int agreed = 0;
    for (Map<Symbol, Value> point : points(symbols, false, false)) {
      try {
        Evaluator evaluator = new Evaluator(point, budget);
        Value x = evaluator.value(a);
        Value y = evaluator.value(b);
        if (Value.isZero(x) || Value.isZero(y)) {
          return Optional.empty();
        }
        Value here = Value.divide(x, y, budget);
        if (ratio.isPresent() && !Closeness.same(ratio.get(), here)) {
          return Optional.empty();
        }
        ratio = Optional.of(here);
        agreed++;
      } catch (Value.None | ArithmeticException none) {
        // No value here; other points decide.
      }
    }
    return agreed >= 3 ? ratio : Optional.empty();
  }

  /**
   * Whether both equations (as terms that are zero) give a variable the same value, being linear in
   * it.
   */
  boolean sameLinearRoot(Expr a, Expr b, Symbol variable) {
    List<Symbol> others = symbols(a, b);
    others.remove(variable);
    int agreed = 0;
    for (Map<Symbol, Value> point : points(others, false, false)) {
      try {
        Optional<Value> x = linearRoot(a, variable, point);
        Optional<Value> y = linearRoot(b, variable, point);
        if (x.isEmpty() || y.isEmpty() || !Closeness.same(x.get(), y.get())) {
          return false;
        }
        agreed++;
      } catch (Value.None | ArithmeticException none) {
        // No value here; other points decide.
      }
    }
    return agreed >= 2;
  }

  private Optional<Value> linearRoot(Expr a, Symbol variable, Map<Symbol, Value> point) {
    Value f0 = at(a, variable, 0, point);
    Value f1 = at(a, variable, 1, point);
    Value f3 = at(a, variable, 3, point);
    Value slope = minus(f1, f0);
    Value steep = minus(f3, f0);
    if (isNothing(slope) || !Closeness.same(steep, Value.multiply(slope, Value.of(3), budget))) {
      return Optional.empty();
    }
    return Optional.of(Value.divide(minus(Value.ZERO, f0), slope, budget));
  }

  private static boolean isNothing(Value value) {
    return Closeness.within(value, Value.ZERO, new BigDecimal("1e-30"));
  }

  private Value minus(Value a, Value b) {
    return Value.add(a, Value.multiply(Value.of(-1), b, budget), budget);
  }

  private Value at(Expr expr, Symbol variable, int value, Map<Symbol, Value> point) {
    Map<Symbol, Value> extended = new HashMap<>(point);
    extended.put(variable, Value.of(value));
    return new Evaluator(extended, budget).value(expr);
  }

  private Optional<Boolean> agreeAt(Map<Symbol, Value> point, Expr a, Expr b) {
    try {
      Evaluator evaluator = new Evaluator(point, budget);
      return Optional.of(Closeness.same(evaluator.value(a), evaluator.value(b)));
    } catch (Value.None | ArithmeticException none) {
      return Optional.empty();
    }
  }

  /** The term without integrals, limits, derivatives and infinite sums. */
  Optional<Expr> workedOut(Expr expr) {
    return needsAlgebra(expr) ? algebra.workOut(expr, budget) : Optional.of(expr);
  }

  static boolean needsAlgebra(Expr expr) {
    if (expr instanceof Expr.Limit || expr instanceof Expr.Derivative) {
      return true;
    }
    if (expr instanceof Iterated iterated) {
      boolean endless =
          iterated.bounds().stream().anyMatch(bound -> bound instanceof Expr.Infinite);
      if (endless || iterated.kind() == Iterated.Kind.INTEGRAL) {
        return true;
      }
    }
    return expr.children().stream().anyMatch(Identity::needsAlgebra);
  }

  static List<Symbol> symbols(Expr a, Expr b) {
    Set<Symbol> sorted =
        new TreeSet<>(java.util.Comparator.comparing(Symbol::name).thenComparing(Symbol::real));
    sorted.addAll(Expr.freeSymbols(a));
    sorted.addAll(Expr.freeSymbols(b));
    return new ArrayList<>(sorted);
  }

  private static boolean countsWholes(Expr expr) {
    return expr instanceof Iterated && !Expr.freeSymbols(expr).isEmpty()
        || expr.children().stream().anyMatch(Identity::countsWholes);
  }

  private static boolean needsPositive(Expr expr) {
    if (expr instanceof Expr.Call call) {
      switch (call.name()) {
        case "factorial", "binomial", "gamma" -> {
          return true;
        }
        default -> {}
      }
    }
    return expr.children().stream().anyMatch(Identity::needsPositive);
  }

  private static List<Map<Symbol, Value>> points(
      List<Symbol> symbols, boolean whole, boolean positive) {
    List<Map<Symbol, Value>> points = new ArrayList<>();
    int count = whole ? WHOLE.length : POINTS;
    for (int p = 0; p < count; p++) {
      Map<Symbol, Value> point = new HashMap<>();
      for (int s = 0; s < symbols.size(); s++) {
        Symbol symbol = symbols.get(s);
        point.put(
            symbol,
            whole
                ? Value.of(WHOLE[(p + 3 * s) % WHOLE.length])
                : coordinate(p, s, symbol, positive));
      }
      points.add(point);
    }
    return points;
  }

  /** Point 0 is all positive, point 1 all negative, the others mix signs. */
  private static Value coordinate(int point, int index, Symbol symbol, boolean positive) {
    int above = ABOVE[(5 * point + index) % ABOVE.length] + 2 * (index / ABOVE.length);
    int below = BELOW[(7 * point + 2 * index + 1) % BELOW.length];
    boolean minus = !positive && (point == 1 || point > 1 && (index + point) % 2 == 0);
    Rational real = Rational.of(minus ? -above : above, below);
    if (symbol.real()) {
      return new Value.Exact(real);
    }
    Rational imaginary = Rational.of(below, 2L * above + point);
    return new Value.Approximate(new Complex(real.toDecimal(), imaginary.toDecimal()));
  }
}
