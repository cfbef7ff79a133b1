package org.sparklora.reward.math.dialect;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiPredicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.sparklora.reward.math.algebra.Evaluator;
import org.sparklora.reward.math.algebra.Expr;
import org.sparklora.reward.math.algebra.Expr.Constant;
import org.sparklora.reward.math.algebra.Expr.Matrix;
import org.sparklora.reward.math.algebra.Expr.Mul;
import org.sparklora.reward.math.algebra.Expr.Num;
import org.sparklora.reward.math.algebra.Expr.Relation;
import org.sparklora.reward.math.algebra.Expr.Symbol;
import org.sparklora.reward.math.algebra.ExprPrinter;
import org.sparklora.reward.math.algebra.Identity;
import org.sparklora.reward.math.algebra.MatrixAlgebra;
import org.sparklora.reward.math.algebra.RealSets;
import org.sparklora.reward.math.algebra.Relations;
import org.sparklora.reward.math.number.AlgebraLimit;
import org.sparklora.reward.math.number.Closeness;
import org.sparklora.reward.math.number.Complex;
import org.sparklora.reward.math.number.Value;

/**
 * Whether a prediction equals a solution, by Math-Verify's rules: compares statements with
 * statements, sets with sets, names with names, numbers by value, and other terms as functions of
 * their variables. Not symmetric: the solution decides the required form.
 *
 * <p>An instance serves one verdict on one thread.
 */
final class MathEquivalence {
  private static final int MAX_SIZE = 5_000;

  /** Spare decimals that keep a second rounding from going the other way. */
  private static final int SPARE_DECIMALS = 60;

  private final VerifyConfig config;
  private final AlgebraLimit budget;
  private final Identity identity;
  private final SetComparison sets;
  private final RelationComparison relations;

  MathEquivalence(VerifyConfig config, AlgebraLimit budget) {
    this.config = config;
    this.budget = budget;
    this.identity = new Identity(config.floatZero(), budget);
    this.sets = new SetComparison(this, config, budget);
    this.relations = new RelationComparison(this, identity, config, budget);
  }

  /** Throws {@link AlgebraLimit.Exceeded}; an undefined solution ({@code 1/0}) equals nothing. */
  boolean same(Expr solution, Expr prediction) {
    int size = Math.max(Expr.size(solution, MAX_SIZE), Expr.size(prediction, MAX_SIZE));
    budget.step(1 + size);
    if (size >= MAX_SIZE) {
      throw new AlgebraLimit.Exceeded("an expression of " + MAX_SIZE + " parts");
    }
    boolean goldAssigns = isAssignment(solution);
    boolean predEquates = Relations.isEquation(prediction);
    boolean goldEquates = Relations.isEquation(solution);
    Expr gold = goldAssigns ? endsOfChain(solution) : solution;
    Expr pred = isAssignment(prediction) ? endsOfChain(prediction) : prediction;
    if (predEquates && !goldEquates) {
      pred = Relations.last(pred).right();
    } else if (goldAssigns && !predEquates) {
      gold = Relations.last(gold).right();
    }
    if (Relations.isRelation(gold) && pred.isCollection() && !(pred instanceof Expr.Tuple)) {
      gold = RealSets.solutions(gold, budget).orElse(gold);
    }
    return compare(gold, pred);
  }

  /** Math-Verify does not take a derivative, a matrix or a common divisor of names for a name. */
  private boolean isAssignment(Expr expr) {
    return Relations.isAssignment(expr)
        && !(config.chop()
            && Relations.first(expr)
                .left()
                .contains(
                    node ->
                        node instanceof Expr.Derivative
                            || node instanceof Matrix
                            || node instanceof Expr.Call call && call.name().equals("gcd")));
  }

  /** Whether lists of equal length have the same elements in the same order. */
  boolean sameInOrder(List<? extends Expr> gold, List<? extends Expr> pred) {
    return IntStream.range(0, gold.size()).allMatch(i -> same(gold.get(i), pred.get(i)));
  }

  /** Whether an element occurs twice, as in a list that is not a set. */
  boolean repeats(List<Expr> elements) {
    for (int i = 0; i < elements.size(); i++) {
      for (int j = 0; j < i; j++) {
        budget.step();
        if (same(elements.get(i), elements.get(j))) {
          return true;
        }
      }
    }
    return false;
  }

  private boolean compare(Expr gold, Expr pred) {
    if (gold instanceof Expr.Undefined) {
      return false;
    }
    if (gold.equals(pred)) {
      return true;
    }
    if (Relations.isRelation(gold) && Relations.isRelation(pred)) {
      return relations.same(gold, pred);
    }
    if (gold.isCollection() || pred.isCollection()) {
      return sets.same(gold, pred);
    }
    if (Relations.isRelation(gold) || Relations.isRelation(pred)) {
      return false;
    }
    if (gold instanceof Symbol || pred instanceof Symbol) {
      // Math-Verify compares a name with the written form; the sound dialect compares values.
      return sameNames(gold, pred) || !config.chop() && sameFunction(gold, pred);
    }
    return sameNumber(gold, pred) || sameFunction(gold, pred);
  }

  private static Expr endsOfChain(Expr equations) {
    return new Relation(
        Relation.Op.EQ, Relations.first(equations).left(), Relations.last(equations).right());
  }

  /** {@code \text{odd}} equals {@code odd}, which is parsed as a product of letters. */
  private static boolean sameNames(Expr gold, Expr pred) {
    if (isLetterE(gold) && pred == Constant.E || isLetterE(pred) && gold == Constant.E) {
      return true;
    }
    if (gold instanceof Symbol name && spelled(pred).isPresent()) {
      return name.name().equalsIgnoreCase(spelled(pred).get());
    }
    if (pred instanceof Symbol name && spelled(gold).isPresent()) {
      return name.name().equalsIgnoreCase(spelled(gold).get());
    }
    if (gold instanceof Symbol a && pred instanceof Symbol b) {
      return lower(a.name()).equals(lower(b.name()));
    }
    // SymPy prints a decimal with all digits of a float.
    return !gold.hasDecimal()
        && !pred.hasDecimal()
        && ExprPrinter.print(gold).equals(ExprPrinter.print(pred));
  }

  private static boolean isLetterE(Expr expr) {
    return expr instanceof Symbol symbol && symbol.name().equalsIgnoreCase("e");
  }

  private static String lower(String name) {
    return name.length() > 1 ? name.toLowerCase(Locale.ROOT) : name;
  }

  /** The word spelled by a product that consists of letters only. */
  private static Optional<String> spelled(Expr expr) {
    if (!(expr instanceof Mul mul)
        || !mul.factors().stream().allMatch(f -> f instanceof Symbol || f == Constant.E)) {
      return Optional.empty();
    }
    return Optional.of(
        mul.factors().stream()
            .map(f -> f instanceof Symbol symbol ? symbol.name() : "e")
            .collect(Collectors.joining()));
  }

  /** Equality by value, with rounding for decimals only. */
  private boolean sameNumber(Expr gold, Expr pred) {
    if (gold instanceof Matrix a && pred instanceof Matrix b) {
      return sameEntries(a, b, this::sameNumber);
    }
    if (gold instanceof Matrix || pred instanceof Matrix) {
      return false;
    }
    if (Decimals.isNumber(gold) || Decimals.isNumber(pred)) {
      if (Decimals.isDecimal(gold) || Decimals.isDecimal(pred)) {
        return sameRounded(gold, pred);
      }
      if (Decimals.isWhole(gold) && Decimals.isWhole(pred)) {
        return Decimals.withoutPercent(gold).equals(Decimals.withoutPercent(pred));
      }
      return false;
    }
    return config.chop()
        && isProduct(gold)
        && isProduct(pred)
        && withValues(gold, pred, this::areChopped);
  }

  /**
   * Math-Verify cuts tiny differences to zero. Here only tiny powers, products and quotients are
   * cut: a sum is compared by its value.
   */
  private boolean areChopped(Value a, Value b) {
    return Closeness.within(a, Value.ZERO, VerifyConfig.CHOP_BELOW)
        && Closeness.within(b, Value.ZERO, VerifyConfig.CHOP_BELOW);
  }

  private static boolean isProduct(Expr expr) {
    boolean holds =
        expr instanceof Num
            || expr instanceof Mul
            || expr instanceof Expr.Pow
            || expr instanceof Constant
            || expr instanceof Expr.Call call && call.name().equals("factorial");
    return holds && expr.children().stream().allMatch(MathEquivalence::isProduct);
  }

  private boolean withValues(Expr gold, Expr pred, BiPredicate<Value, Value> test) {
    Optional<Expr> a = identity.workedOut(gold);
    Optional<Expr> b = identity.workedOut(pred);
    if (a.isEmpty() || b.isEmpty()) {
      return false;
    }
    boolean ordinary = Identity.needsAlgebra(gold) || Identity.needsAlgebra(pred);
    Evaluator evaluator =
        ordinary ? Evaluator.ofOrdinaryDigits(Map.of(), budget) : new Evaluator(Map.of(), budget);
    return Value.optional(
            () -> {
              Evaluator.Pair pair = evaluator.values(a.get(), b.get());
              return test.test(pair.first(), pair.second());
            })
        .orElse(false);
  }

  private boolean sameFunction(Expr gold, Expr pred) {
    if (gold instanceof Matrix a && pred instanceof Matrix b) {
      return sameEntries(a, b, identity::holds);
    }
    return !(gold instanceof Matrix) && !(pred instanceof Matrix) && identity.holds(gold, pred);
  }

  private static boolean sameEntries(Matrix a, Matrix b, BiPredicate<Expr, Expr> test) {
    List<Expr> left = a.children();
    List<Expr> right = b.children();
    return MatrixAlgebra.sameShape(a, b)
        && IntStream.range(0, left.size()).allMatch(i -> test.test(left.get(i), right.get(i)));
  }

  private boolean sameRounded(Expr gold, Expr pred) {
    return config.chop()
        ? withValues(gold, pred, (a, b) -> sameRounded(gold, a, pred, b))
        : withValues(
            gold,
            pred,
            (a, b) ->
                Closeness.same(a, b)
                    || Decimals.isDecimal(gold)
                        && Decimals.isDecimal(pred)
                        && Decimals.nearlySame(a, b)
                    || !pred.hasDecimal() && Decimals.approximates(gold, b)
                    || !gold.hasDecimal() && Decimals.approximates(pred, a));
  }

  private boolean sameRounded(Expr gold, Value a, Expr pred, Value b) {
    if (a instanceof Value.Unbounded || b instanceof Value.Unbounded) {
      return a.equals(b);
    }
    // A whole number is never rounded, so it differs from a decimal that only rounds to it.
    if (Decimals.isExactWhole(gold, a) != Decimals.isExactWhole(pred, b)) {
      return false;
    }
    if (a instanceof Value.Exact x && b instanceof Value.Exact y) {
      int scale = config.floatRounding() + SPARE_DECIMALS;
      return rounded(gold, x.rational().toDecimals(scale))
          .equals(rounded(pred, y.rational().toDecimals(scale)));
    }
    Complex x = Value.complex(a);
    Complex y = Value.complex(b);
    boolean bothReal = x.im().signum() == 0 && y.im().signum() == 0;
    return rounded(gold, x.re()).equals(rounded(pred, y.re()))
        && (bothReal || rounded(gold, x.im()).equals(rounded(pred, y.im())));
  }

  /** A rounded number with its digits: Math-Verify distinguishes 7.0 from a 7 of twenty digits. */
  private record Rounded(BigDecimal value, int digits) {}

  private Rounded rounded(Expr expr, BigDecimal value) {
    // Rounds to the digits that a number carries, then to the configured decimals; ties to even.
    int wanted = value.precision() - value.scale() + config.floatRounding();
    boolean decimal = expr.hasDecimal();
    int carried = Math.max(VerifyConfig.PRECISION, decimal ? Decimals.writtenDigits(expr) : wanted);
    BigDecimal result =
        value
            .round(new MathContext(carried, RoundingMode.HALF_EVEN))
            .setScale(config.floatRounding(), RoundingMode.HALF_EVEN);
    boolean whole = result.stripTrailingZeros().scale() <= 0;
    return new Rounded(result, whole || wanted > carried ? carried : wanted);
  }
}
