package org.sparklora.reward.math.algebra;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.UnaryOperator;
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
 *
 * @param floatZero if decimals are floats, as in Math-Verify, the difference of such terms that is
 *     cut to zero; empty if they are fractions
 */
public record Identity(Optional<BigDecimal> floatZero, AlgebraLimit budget) {
  /** Test points of linearity: the line through the values at 0 and 1 must hold at the others. */
  private static final List<Rational> LINE =
      List.of(Rational.ZERO, Rational.ONE, Rational.of(3), Rational.of(-29, 13));

  /** Functions that may have poles at negative numbers. */
  private static final Set<String> OF_POSITIVE = Set.of("factorial", "binomial", "gamma");

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
    Function<Map<Symbol, Value>, Evaluator> first =
        point ->
            ordinary ? Evaluator.ofOrdinaryDigits(point, budget) : new Evaluator(point, budget);
    if (symbols.isEmpty()) {
      return Value.optional(() -> first.apply(Map.of()).agree(x, y)).orElse(false);
    }
    boolean whole =
        countsWholes(x)
            || countsWholes(y)
            || floatZero.isEmpty()
                && symbols.stream().allMatch(n -> alternates(x, n) || alternates(y, n));
    boolean positive = needsPositive(x) || needsPositive(y);
    int agreed =
        agreements(
            whole ? SamplePoints.whole(symbols) : SamplePoints.few(symbols, positive),
            point -> Value.optional(() -> first.apply(point).agree(x, y)));
    if (agreed < 2) {
      return false;
    }
    List<Map<Symbol, Value>> further =
        whole
            ? SamplePoints.furtherWhole(List.of(x, y), symbols)
            : inBranches(x, y, symbols, positive);
    Function<Map<Symbol, Value>, Evaluator> then =
        point -> ordinary ? first.apply(point) : Evaluator.atSample(point, budget);
    return agreements(
            further, point -> SamplePoints.attempt(budget, () -> then.apply(point).agree(x, y)))
        >= 0;
  }

  /**
   * The number of points at which a comparison holds, −1 if it fails at one. Points where it is
   * empty, since a side has no value, do not count.
   */
  private static int agreements(
      List<Map<Symbol, Value>> points, Function<Map<Symbol, Value>, Optional<Boolean>> comparison) {
    int agreed = 0;
    for (Map<Symbol, Value> point : points) {
      Optional<Boolean> agree = comparison.apply(point);
      if (agree.isPresent() && !agree.get()) {
        return -1;
      }
      agreed += agree.isPresent() ? 1 : 0;
    }
    return agreed;
  }

  private List<Map<Symbol, Value>> inBranches(
      Expr a, Expr b, List<Symbol> symbols, boolean positive) {
    return BranchPoints.has(a) || BranchPoints.has(b)
        ? SamplePoints.inBranches(a, b, symbols, positive, budget)
        : List.of();
  }

  /** Whether {@code a = c·b} for one constant c other than zero. */
  public boolean proportional(Expr a, Expr b) {
    List<Symbol> symbols = symbols(a, b);
    if (symbols.isEmpty()) {
      return false;
    }
    Optional<Value> ratio = Optional.empty();
    int agreed = 0;
    for (Map<Symbol, Value> point : everywhere(a, b, symbols)) {
      Optional<Evaluator.Pair> pair =
          SamplePoints.attempt(budget, () -> Evaluator.atSample(point, budget).values(a, b));
      // Where one has no value, or both are zero, other points decide.
      if (pair.isEmpty() || Value.isZero(pair.get().first()) && Value.isZero(pair.get().second())) {
        continue;
      }
      Value x = pair.get().first();
      Value y = pair.get().second();
      if (Value.isZero(x) || Value.isZero(y)) {
        return false;
      }
      Optional<Value> here = SamplePoints.attempt(budget, () -> Value.divide(x, y, budget));
      if (here.isPresent() && ratio.isPresent() && !Closeness.same(ratio.get(), here.get())) {
        return false;
      }
      ratio = here.isPresent() ? here : ratio;
      agreed += here.isPresent() ? 1 : 0;
    }
    return agreed >= 3;
  }

  private List<Map<Symbol, Value>> everywhere(Expr a, Expr b, List<Symbol> symbols) {
    List<Map<Symbol, Value>> points = SamplePoints.few(symbols, false);
    points.addAll(inBranches(a, b, symbols, false));
    return points;
  }

  /** Whether both equations, as terms that are zero, are linear and give the same value. */
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
    int agreed =
        agreements(
            others.isEmpty() ? List.of(Map.of(), Map.of()) : everywhere(a, b, others),
            point -> SamplePoints.attempt(budget, () -> sameRoots(alongLine, point)));
    return agreed >= 2 && (others.isEmpty() || sameDegeneration(a, b, variable, others));
  }

  private boolean sameRoots(List<Expr> alongLine, Map<Symbol, Value> point) {
    List<Value> values = new Evaluator(point, budget).values(alongLine);
    Optional<Value> x = linearRoot(values.subList(0, LINE.size()));
    Optional<Value> y = linearRoot(values.subList(LINE.size(), values.size()));
    return x.isPresent() && y.isPresent() && Closeness.same(x.get(), y.get());
  }

  /** Whether both hold for all y at the same points: xy = x² does at x = 0, y = x nowhere. */
  private boolean sameDegeneration(Expr a, Expr b, Symbol variable, List<Symbol> others) {
    UnaryOperator<Expr> slope =
        side ->
            Expr.minus(
                Substitution.replace(side, variable, Expr.Num.of(1)),
                Substitution.replace(side, variable, Expr.Num.of(0)));
    List<Expr> slopes = List.of(slope.apply(a), slope.apply(b));
    return SamplePoints.zeros(slopes, others, budget).stream()
        .allMatch(point -> degenerates(a, variable, point) == degenerates(b, variable, point));
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
    Value slope = Value.subtract(values.get(1), f0, budget);
    if (isNothing(slope)) {
      return Optional.empty();
    }
    for (int i = 2; i < LINE.size(); i++) {
      Value x = new Value.Exact(LINE.get(i));
      Value rise = Value.subtract(values.get(i), f0, budget);
      if (!Closeness.same(rise, Value.multiply(slope, x, budget))) {
        return Optional.empty();
      }
    }
    return Optional.of(Value.divide(Value.subtract(Value.ZERO, f0, budget), slope, budget));
  }

  private static boolean isNothing(Value value) {
    return Closeness.within(value, Value.ZERO, new BigDecimal("1e-30"));
  }

  private Value at(Expr expr, Symbol variable, Value value, Map<Symbol, Value> point) {
    Map<Symbol, Value> extended = new HashMap<>(point);
    extended.put(variable, value);
    return Evaluator.atSample(extended, budget).value(expr);
  }

  /** Works out integrals, limits and derivatives; empty if one or an infinite sum is left. */
  public Optional<Expr> workedOut(Expr expr) {
    return needsAlgebra(expr) ? NumericAlgebra.workOut(expr, budget) : Optional.of(expr);
  }

  public static boolean needsAlgebra(Expr expr) {
    return expr.contains(
        node ->
            node instanceof Expr.Limit
                || node instanceof Expr.Derivative
                || node instanceof Iterated iterated
                    && (iterated.kind() == Iterated.Kind.INTEGRAL
                        || iterated.bounds().stream().anyMatch(Expr.Infinite.class::isInstance)));
  }

  public static List<Symbol> symbols(Expr a, Expr b) {
    Set<Symbol> sorted =
        new TreeSet<>(Comparator.comparing(Symbol::name).thenComparing(Symbol::real));
    sorted.addAll(Expr.freeSymbols(a));
    sorted.addAll(Expr.freeSymbols(b));
    return new ArrayList<>(sorted);
  }

  private static boolean countsWholes(Expr expr) {
    return expr.contains(node -> node instanceof Iterated && !Expr.freeSymbols(node).isEmpty());
  }

  /** Whether a variable has a usual name of whole numbers and is an exponent of a negative one. */
  private static boolean alternates(Expr expr, Symbol variable) {
    return variable.name().matches("[j-n]")
        && expr.contains(
            node ->
                node instanceof Expr.Pow power
                    && power.base() instanceof Expr.Num base
                    && base.value().signum() < 0
                    && power.exponent().dependsOn(variable));
  }

  private static boolean needsPositive(Expr expr) {
    return expr.contains(
        node -> node instanceof Expr.Call call && OF_POSITIVE.contains(call.name()));
  }
}
