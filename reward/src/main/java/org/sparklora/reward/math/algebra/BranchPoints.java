package org.sparklora.reward.math.algebra;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.sparklora.reward.math.algebra.Expr.Call;
import org.sparklora.reward.math.algebra.Expr.Num;
import org.sparklora.reward.math.algebra.Expr.Pow;
import org.sparklora.reward.math.algebra.Expr.Symbol;
import org.sparklora.reward.math.number.AlgebraLimit;
import org.sparklora.reward.math.number.Closeness;
import org.sparklora.reward.math.number.Rational;
import org.sparklora.reward.math.number.Value;

/**
 * Finds the points where a term in one variable changes its branch: where the argument of an
 * absolute value, a root, a logarithm or a power is zero, two members of a maximum are equal, a
 * floor's argument is whole, or a denominator is zero. Between two neighbouring points the term is
 * analytic, so a few samples there represent all of it.
 *
 * <p>Roots of polynomials are exact or have 18 digits. Other arguments are searched over several
 * magnitudes for sign changes. A superfluous point does no harm.
 */
final class BranchPoints {
  private static final Set<String> BRANCHING =
      Set.of(
          "abs floor ceiling mod max min log asin acos atan acot asec acsc acosh atanh".split(" "));

  /** Whole values on either side of 0 where floors step, besides those near other branch points. */
  private static final int STEPS = 3;

  /** Branch points near which the steps of floors are searched. */
  private static final int MOST_NEIGHBOURS = 6;

  /** Most variants of an argument without branches: 2^5, the signs of five absolute values. */
  private static final int MOST_VARIANTS = 32;

  private static final int MOST_POINTS = 48;

  /** Limit for counting a term's nodes. */
  private static final int MAX_SIZE = 10_000;

  private final Symbol variable;
  private final AlgebraLimit budget;
  private final List<Value> points = new ArrayList<>();
  private boolean solved = true;

  private BranchPoints(Symbol variable, AlgebraLimit budget) {
    this.variable = variable;
    this.budget = budget;
  }

  /** Whether the term has branches that depend on its variables. */
  static boolean has(Expr expr) {
    return expr.contains(node -> isBranching(node) && !Expr.freeSymbols(node).isEmpty());
  }

  /** Whether the variable occurs in a part with branches. */
  static boolean decides(Symbol variable, Expr expr) {
    return expr.contains(node -> isBranching(node) && node.dependsOn(variable));
  }

  private static boolean isBranching(Expr expr) {
    if (expr instanceof Call call) {
      return BRANCHING.contains(call.name());
    }
    if (!(expr instanceof Pow pow)) {
      return false;
    }
    if (pow.exponent() instanceof Num num) {
      return !num.value().isInteger();
    }
    return !isPositive(pow.base());
  }

  private static boolean isPositive(Expr base) {
    return base instanceof Expr.Constant constant && constant != Expr.Constant.I
        || base instanceof Num num && num.value().signum() > 0;
  }

  /**
   * The branch points on a line.
   *
   * @param points from left to right
   * @param solved whether all points were found, except further steps of floors
   */
  record Found(List<Value> points, boolean solved) {}

  /** The branch points of terms in {@code variable} only. Throws {@link AlgebraLimit.Exceeded}. */
  static Found of(List<Expr> terms, Symbol variable, AlgebraLimit budget) {
    BranchPoints found = new BranchPoints(variable, budget);
    terms.forEach(found::addZeros);
    terms.forEach(found::addSteps);
    return new Found(RealRoots.sorted(found.points, point -> point), found.solved);
  }

  /**
   * Ends of the pieces between two real numbers on which a term keeps its branch, the last of them
   * {@code to}; only {@code to} if not all branch points could be found.
   */
  static List<Value> between(
      Expr term, Symbol variable, Value from, Value to, AlgebraLimit budget) {
    boolean bounded = !(from instanceof Value.Unbounded) && !(to instanceof Value.Unbounded);
    if (!has(term) || !bounded || !Value.isReal(from) || !Value.isReal(to)) {
      return List.of(to);
    }
    Found found = of(List.of(term), variable, budget);
    List<Value> ends = new ArrayList<>();
    for (Value point : found.solved() ? found.points() : List.<Value>of()) {
      if (Evaluator.compare(from, point) < 0 && Evaluator.compare(point, to) < 0) {
        ends.add(point);
      }
    }
    ends.add(to);
    return ends;
  }

  /** The branch of a term with absolute values, floors and extremes around {@code place}. */
  static Expr chosen(Expr term, Symbol variable, Value place, AlgebraLimit budget) {
    Evaluator here = Evaluator.atSample(Map.of(variable, place), budget);
    return Substitution.everywhere(
        term,
        node -> {
          if (!(node instanceof Call call)) {
            return node;
          }
          Expr first = call.args().get(0);
          return switch (call.name()) {
            case "abs" -> Value.sign(here.value(first)) < 0 ? Expr.negate(first) : first;
            case "floor", "ceiling" ->
                here.value(call) instanceof Value.Exact step ? Num.of(step.rational()) : node;
            case "max", "min" ->
                call.args().stream()
                    .filter(arg -> Closeness.same(here.value(arg), here.value(call)))
                    .findFirst()
                    .orElse(node);
            default -> node;
          };
        });
  }

  /** The zeros of terms in {@code variable} only. */
  static List<Value> zeros(List<Expr> terms, Symbol variable, AlgebraLimit budget) {
    BranchPoints found = new BranchPoints(variable, budget);
    terms.forEach(found::addZerosOf);
    return RealRoots.sorted(found.points, point -> point);
  }

  private void addZeros(Expr expr) {
    budget.step();
    expr.children().forEach(this::addZeros);
    if (expr instanceof Pow pow) {
      boolean natural =
          pow.exponent() instanceof Num num && num.value().isInteger() && num.value().signum() >= 0;
      if (!natural && !isPositive(pow.base())) {
        addZerosOf(pow.base());
        addZerosOf(pow.exponent());
      }
    } else if (expr instanceof Call call) {
      List<Expr> args = call.args();
      switch (call.name()) {
        case "abs", "log", "acot" -> args.forEach(this::addZerosOf);
        case "tan", "cot", "sec", "csc", "atan" -> // infinitely many poles and jumps
            solved &= !expr.dependsOn(variable);
        case "mod" -> addZerosOf(args.get(1));
        case "max", "min" -> {
          for (int i = 0; i < args.size(); i++) {
            for (int j = 0; j < i; j++) {
              addZerosOf(Expr.minus(args.get(i), args.get(j)));
            }
          }
        }
        case "asin", "acos", "acosh", "atanh", "asec", "acsc" -> {
          addZerosOf(args.get(0));
          addZerosOf(Expr.minus(args.get(0), Num.of(1)));
          addZerosOf(Expr.minus(args.get(0), Num.of(-1)));
        }
        default -> {}
      }
    }
  }

  private void addZerosOf(Expr argument) {
    budget.step(Expr.size(argument, MAX_SIZE));
    if (!argument.dependsOn(variable)) {
      return;
    }
    for (Expr variant : variants(argument)) {
      for (Expr factor : factors(variant)) {
        addRoots(factor, Rational.ZERO);
      }
    }
  }

  private void addSteps(Expr expr) {
    budget.step();
    expr.children().forEach(this::addSteps);
    if (!(expr instanceof Call call)) {
      return;
    }
    switch (call.name()) {
      case "floor", "ceiling" -> addStepsOf(call.args().get(0));
      case "mod" -> addStepsOf(Expr.divide(call.args().get(0), call.args().get(1)));
      default -> {}
    }
  }

  private void addStepsOf(Expr argument) {
    if (!argument.dependsOn(variable)) {
      return;
    }
    List<BigInteger> steps = new ArrayList<>();
    for (int k = -STEPS; k <= STEPS; k++) {
      steps.add(BigInteger.valueOf(k));
    }
    for (Value point : List.copyOf(points.subList(0, Math.min(points.size(), MOST_NEIGHBOURS)))) {
      SamplePoints.attempt(budget, () -> at(argument, point))
          .filter(Value::isReal)
          .filter(value -> !(value instanceof Value.Unbounded))
          .map(value -> Value.complex(value).re().toBigInteger())
          .ifPresent(
              whole -> {
                steps.add(whole.subtract(BigInteger.ONE));
                steps.add(whole);
                steps.add(whole.add(BigInteger.ONE));
              });
    }
    for (Expr variant : variants(argument)) {
      for (BigInteger step : steps.stream().distinct().toList()) {
        addRoots(variant, Rational.of(step));
      }
    }
  }

  /** Adds the points where the term has this value. */
  private void addRoots(Expr term, Rational value) {
    if (!term.dependsOn(variable)) {
      return;
    }
    if (points.size() >= MOST_POINTS) {
      solved = false;
      return;
    }
    boolean rational =
        SamplePoints.attempt(
                budget,
                () -> {
                  Polynomial.Fraction f = Polynomial.of(term, variable, budget);
                  Polynomial shifted =
                      f.above().plus(f.below().times(value.negate(), budget), budget);
                  points.addAll(RealRoots.of(shifted, budget));
                  points.addAll(RealRoots.of(f.below(), budget));
                  return true;
                })
            .isPresent();
    if (!rational) {
      solved = false;
      addSignChanges(Expr.minus(term, Num.of(value)));
    }
  }

  /** Adds both sides of every sign change along {@link SamplePoints#LINE}. */
  private void addSignChanges(Expr term) {
    Value left = Value.ZERO;
    int before = 0;
    for (Value x : SamplePoints.LINE) {
      int sign = sign(term, x);
      if (before * sign < 0) {
        points.add(left);
        points.add(x);
      }
      left = sign == 0 ? left : x;
      before = sign == 0 ? before : sign;
    }
  }

  /** The sign of the term at x, or 0 if it has no real value. */
  private int sign(Expr term, Value x) {
    return SamplePoints.attempt(budget, () -> Value.sign(at(term, x))).orElse(0);
  }

  private Value at(Expr term, Value x) {
    return Evaluator.atSample(Map.of(variable, x), budget).value(term);
  }

  private static List<Expr> factors(Expr expr) {
    if (expr instanceof Expr.Mul mul) {
      return mul.factors().stream().flatMap(factor -> factors(factor).stream()).toList();
    }
    return expr instanceof Pow pow ? factors(pow.base()) : List.of(expr);
  }

  /** The term with each branch of its branching parts; the branch of a floor is its argument. */
  private List<Expr> variants(Expr expr) {
    List<Expr> open = new ArrayList<>(List.of(expr));
    List<Expr> plain = new ArrayList<>();
    while (!open.isEmpty() && plain.size() + open.size() <= MOST_VARIANTS) {
      Expr next = open.remove(open.size() - 1);
      budget.step(Expr.size(next, MAX_SIZE));
      Optional<Expr> part = next.innermost(node -> !branches(node).isEmpty());
      if (part.isEmpty()) {
        plain.add(next);
      } else {
        branches(part.get())
            .forEach(branch -> open.add(Substitution.replace(next, part.get(), branch)));
      }
    }
    plain.addAll(open);
    return plain;
  }

  /** The branches of a node, or near them; empty if it has only one. */
  private static List<Expr> branches(Expr expr) {
    if (expr instanceof Call call) {
      Expr first = call.args().get(0);
      return switch (call.name()) {
        case "abs" -> List.of(first, Expr.negate(first));
        case "max", "min" -> call.args();
        case "floor", "ceiling" -> List.of(first);
        default -> List.of();
      };
    }
    return expr instanceof Pow root
            && root.exponent() instanceof Num degree
            && root.base() instanceof Pow power
            && power.exponent() instanceof Num exponent
            && degree.value().times(exponent.value()).equals(Rational.ONE)
        ? List.of(power.base(), Expr.negate(power.base()))
        : List.of();
  }
}
