package org.sparklora.reward.math.algebra;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.sparklora.reward.math.algebra.Expr.Iterated;
import org.sparklora.reward.math.algebra.Expr.Symbol;
import org.sparklora.reward.math.number.AlgebraLimit;
import org.sparklora.reward.math.number.Closeness;
import org.sparklora.reward.math.number.Rational;
import org.sparklora.reward.math.number.Value;

/**
 * Whether two terms are the same function of their variables. Evaluates both at fixed points,
 * exactly where rational and to enough digits otherwise: different terms agree at none of these,
 * and the points cover signs and sizes, so √(x²) is |x| but ln(ab) is not ln a + ln b.
 *
 * <p>An instance serves one verdict.
 */
public final class Identity {
  /** Test points of linearity: the line through the values at 0 and 1 must hold at the others. */
  private static final List<Rational> LINE =
      List.of(Rational.ZERO, Rational.ONE, Rational.of(3), Rational.of(-29, 13));

  private final Algebra algebra;
  private final Optional<BigDecimal> floatZero;
  private final AlgebraLimit budget;

  /**
   * @param floatZero if decimals are floats, as in Math-Verify, the difference of such terms that
   *     is cut to zero; empty if they are fractions
   */
  public Identity(Algebra algebra, Optional<BigDecimal> floatZero, AlgebraLimit budget) {
    this.algebra = algebra;
    this.floatZero = floatZero;
    this.budget = budget;
  }

  /** Whether {@code a − b} is zero wherever both have a value. */
  public boolean holds(Expr a, Expr b) {
    Optional<Expr> left = workedOut(a);
    Optional<Expr> right = workedOut(b);
    if (left.isEmpty() || right.isEmpty()) {
      return false;
    }
    Expr x = left.get();
    Expr y = right.get();
    Optional<Boolean> asFloats =
        floatZero.flatMap(zero -> new DecimalArithmetic(zero, budget).equal(x, y));
    if (asFloats.isPresent()) {
      return asFloats.get();
    }
    List<Symbol> symbols = symbols(x, y);
    boolean ordinary = needsAlgebra(a) || needsAlgebra(b);
    if (symbols.isEmpty()) {
      return agreeAt(Map.of(), x, y, ordinary).orElse(false);
    }
    boolean whole = countsWholes(x) || countsWholes(y);
    boolean positive = needsPositive(x) || needsPositive(y);
    int agreed = 0;
    for (Map<Symbol, Value> point :
        whole ? SamplePoints.whole(symbols) : SamplePoints.few(symbols, positive)) {
      Optional<Boolean> agree = agreeAt(point, x, y, ordinary);
      if (agree.isPresent() && !agree.get()) {
        return false;
      }
      agreed += agree.isPresent() ? 1 : 0;
    }
    return agreed >= 2
        && (whole
            ? agreeAt(SamplePoints.furtherWhole(List.of(x, y), symbols), x, y, ordinary)
            : agreeInBranches(x, y, symbols, positive, ordinary));
  }

  private boolean agreeInBranches(
      Expr a, Expr b, List<Symbol> symbols, boolean positive, boolean ordinary) {
    if (!BranchPoints.has(a) && !BranchPoints.has(b)) {
      return true;
    }
    return agreeAt(SamplePoints.inBranches(a, b, symbols, positive, budget), a, b, ordinary);
  }

  /** Whether the terms agree at all points; skips a point where one has no value. */
  private boolean agreeAt(List<Map<Symbol, Value>> points, Expr a, Expr b, boolean ordinary) {
    for (Map<Symbol, Value> point : points) {
      Optional<Boolean> agree =
          SamplePoints.attempt(
              budget,
              () -> {
                Evaluator.Pair pair =
                    (ordinary
                            ? Evaluator.ofOrdinaryDigits(point, budget)
                            : Evaluator.atSample(point, budget))
                        .values(a, b);
                return Closeness.same(pair.first(), pair.second());
              });
      if (agree.isPresent() && !agree.get()) {
        return false;
      }
    }
    return true;
  }

  /** Whether {@code a = c·b} for one constant c other than zero. */
  public boolean proportional(Expr a, Expr b) {
    return ratio(a, b).isPresent();
  }

  /** The constant c of {@code a = c·b}; empty if no such constant exists. */
  Optional<Value> ratio(Expr a, Expr b) {
    List<Symbol> symbols = symbols(a, b);
    if (symbols.isEmpty()) {
      return Optional.empty();
    }
    Optional<Value> ratio = Optional.empty();
    int agreed = 0;
    for (Map<Symbol, Value> point : everywhere(a, b, symbols)) {
      Optional<Evaluator.Pair> pair =
          SamplePoints.attempt(budget, () -> Evaluator.atSample(point, budget).values(a, b));
      // No value, or both are zero: other points decide.
      if (pair.isEmpty()) {
        continue;
      }
      Value x = pair.get().first();
      Value y = pair.get().second();
      // Both are zero: other points decide.
      if (Value.isZero(x) && Value.isZero(y)) {
        continue;
      }
      if (Value.isZero(x) || Value.isZero(y)) {
        return Optional.empty();
      }
      Optional<Value> here = SamplePoints.attempt(budget, () -> Value.divide(x, y, budget));
      if (here.isPresent() && ratio.isPresent() && !Closeness.same(ratio.get(), here.get())) {
        return Optional.empty();
      }
      ratio = here.isPresent() ? here : ratio;
      agreed += here.isPresent() ? 1 : 0;
    }
    return agreed >= 3 ? ratio : Optional.empty();
  }

  private List<Map<Symbol, Value>> everywhere(Expr a, Expr b, List<Symbol> symbols) {
    List<Map<Symbol, Value>> points = SamplePoints.few(symbols, false);
    if (BranchPoints.has(a) || BranchPoints.has(b)) {
      points.addAll(SamplePoints.inBranches(a, b, symbols, false, budget));
    }
    return points;
  }

  /**
   * Whether both equations (as terms that are zero) are linear in a variable and give it the same
   * value.
   */
  public boolean sameLinearRoot(Expr a, Expr b, Symbol variable) {
    if (BranchPoints.decides(variable, a) || BranchPoints.decides(variable, b)) {
      return false;
    }
    List<Symbol> others = symbols(a, b);
    others.remove(variable);
    List<Expr> alongLine = new ArrayList<>();
    for (Expr side : List.of(a, b)) {
      LINE.forEach(x -> alongLine.add(Substitution.replace(side, variable, Expr.Num.of(x))));
    }
    int agreed = 0;
    for (Map<Symbol, Value> point :
        others.isEmpty()
            ? List.of(Map.<Symbol, Value>of(), Map.<Symbol, Value>of())
            : everywhere(a, b, others)) {
      Optional<Boolean> agree =
          SamplePoints.attempt(
              budget,
              () -> {
                List<Value> values = new Evaluator(point, budget).values(alongLine);
                int half = values.size() / 2;
                Optional<Value> x = linearRoot(values.subList(0, half));
                Optional<Value> y = linearRoot(values.subList(half, values.size()));
                return x.isPresent() && y.isPresent() && Closeness.same(x.get(), y.get());
              });
      if (agree.isPresent() && !agree.get()) {
        return false;
      }
      agreed += agree.isPresent() ? 1 : 0;
    }
    return agreed >= 2 && (others.isEmpty() || sameDegeneration(a, b, variable, others));
  }

  /**
   * Whether both equations hold for all values of the variable at the same points: xy = x² does at
   * x = 0, y = x nowhere.
   */
  private boolean sameDegeneration(Expr a, Expr b, Symbol variable, List<Symbol> others) {
    List<Expr> slopes =
        List.of(
            Expr.minus(fixed(a, variable, 1), fixed(a, variable, 0)),
            Expr.minus(fixed(b, variable, 1), fixed(b, variable, 0)));
    for (Map<Symbol, Value> point : SamplePoints.zeros(slopes, others, budget)) {
      if (degenerates(a, variable, point) != degenerates(b, variable, point)) {
        return false;
      }
    }
    return true;
  }

  private static Expr fixed(Expr expr, Symbol variable, int value) {
    return Substitution.replace(expr, variable, Expr.Num.of(value));
  }

  private boolean degenerates(Expr a, Symbol variable, Map<Symbol, Value> point) {
    return SamplePoints.attempt(
            budget,
            () ->
                isNothing(at(a, variable, Value.ZERO, point))
                    && isNothing(at(a, variable, Value.ONE, point)))
        .orElse(false);
  }

  /** The root of a term with these values at {@link #LINE}, if they are linear. */
  private Optional<Value> linearRoot(List<Value> values) {
    Value f0 = values.get(0);
    Value slope = minus(values.get(1), f0);
    if (isNothing(slope)) {
      return Optional.empty();
    }
    for (int i = 2; i < LINE.size(); i++) {
      Value x = new Value.Exact(LINE.get(i));
      if (!Closeness.same(minus(values.get(i), f0), Value.multiply(slope, x, budget))) {
        return Optional.empty();
      }
    }
    return Optional.of(Value.divide(minus(Value.ZERO, f0), slope, budget));
  }

  private static boolean isNothing(Value value) {
    return Closeness.within(value, Value.ZERO, new BigDecimal("1e-30"));
  }

  private Value minus(Value a, Value b) {
    return Value.add(a, Value.multiply(Value.of(-1), b, budget), budget);
  }

  private Value at(Expr expr, Symbol variable, Value value, Map<Symbol, Value> point) {
    Map<Symbol, Value> extended = new HashMap<>(point);
    extended.put(variable, value);
    return Evaluator.atSample(extended, budget).value(expr);
  }

  private Optional<Boolean> agreeAt(Map<Symbol, Value> point, Expr a, Expr b, boolean ordinary) {
    try {
      Evaluator evaluator =
          ordinary ? Evaluator.ofOrdinaryDigits(point, budget) : new Evaluator(point, budget);
      Evaluator.Pair pair = evaluator.values(a, b);
      return Optional.of(Closeness.same(pair.first(), pair.second()));
    } catch (Value.None | ArithmeticException none) {
      return Optional.empty();
    }
  }

  /** The term with integrals, limits, derivatives and infinite sums evaluated. */
  public Optional<Expr> workedOut(Expr expr) {
    return needsAlgebra(expr) ? algebra.workOut(expr, budget) : Optional.of(expr);
  }

  public static boolean needsAlgebra(Expr expr) {
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

  public static List<Symbol> symbols(Expr a, Expr b) {
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
}
