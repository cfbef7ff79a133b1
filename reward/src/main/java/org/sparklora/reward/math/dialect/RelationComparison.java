package org.sparklora.reward.math.dialect;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.sparklora.reward.math.algebra.DecimalArithmetic;
import org.sparklora.reward.math.algebra.Evaluator;
import org.sparklora.reward.math.algebra.Expr;
import org.sparklora.reward.math.algebra.Expr.Chain;
import org.sparklora.reward.math.algebra.Expr.Num;
import org.sparklora.reward.math.algebra.Expr.Relation;
import org.sparklora.reward.math.algebra.Expr.Symbol;
import org.sparklora.reward.math.algebra.Identity;
import org.sparklora.reward.math.algebra.Polynomial;
import org.sparklora.reward.math.algebra.Substitution;
import org.sparklora.reward.math.number.AlgebraLimit;
import org.sparklora.reward.math.number.Value;

/**
 * Compares statements: link by link, by equal differences of the sides, either way round, or as two
 * equations with the same solutions.
 */
record RelationComparison(
    MathEquivalence terms, Identity identity, VerifyConfig config, AlgebraLimit budget) {

  boolean same(Expr gold, Expr pred) {
    if (gold instanceof Chain a && pred instanceof Chain b) {
      return a.links().size() == b.links().size()
          && IntStream.range(0, a.links().size())
              .allMatch(i -> sameLink(a.links().get(i), b.links().get(i)));
    }
    return gold instanceof Relation a && pred instanceof Relation b && sameLink(a, b);
  }

  private boolean sameLink(Relation gold, Relation pred) {
    if (gold.equals(pred)) {
      return true;
    }
    if (isStatementOnSets(gold) || isStatementOnSets(pred)) {
      return false;
    }
    Expr a = difference(gold);
    Expr b = difference(pred);
    if (gold.op() == pred.op() && terms.same(a, b)) {
      return true;
    }
    if (gold.op() == Relation.Op.NE || pred.op() == Relation.Op.NE) {
      return false;
    }
    if (gold.op().inverse() == pred.op() && terms.same(a, Expr.negate(b))) {
      return true;
    }
    return gold.op() == Relation.Op.EQ
        && pred.op() == Relation.Op.EQ
        && sameSolutions(gold, pred, a, b);
  }

  private Expr difference(Relation relation) {
    return config.chop()
        ? DecimalArithmetic.difference(relation.left(), relation.right(), budget)
        : Expr.minus(relation.left(), relation.right());
  }

  private static boolean isStatementOnSets(Relation relation) {
    return relation.left().isCollection()
        || relation.right().isCollection()
        || relation.left() instanceof Expr.Matrix
        || relation.right() instanceof Expr.Matrix;
  }

  private boolean sameSolutions(Relation gold, Relation pred, Expr a, Expr b) {
    // Math-Verify rounds values, but not solutions.
    if (!config.chop() && sameAssignment(gold, pred)) {
      return true;
    }
    List<Symbol> symbols = Identity.symbols(a, b);
    boolean sameVariables = Expr.freeSymbols(a).equals(Expr.freeSymbols(b)) && !symbols.isEmpty();
    // 2x + 3 = 13 restates a question whose solution is x = 5.
    boolean restates =
        symbols.size() == 1 && assigned(gold).isPresent() && assigned(pred).isEmpty();
    if (sameVariables && !restates) {
      if (identity.proportional(a, b)) {
        return true;
      }
      if (symbols.size() == 1 && sameRealRoots(a, b, symbols.get(0))) {
        return true;
      }
      for (Symbol symbol : symbols) {
        if (identity.sameLinearRoot(a, b, symbol)) {
          return true;
        }
      }
    }
    // Math-Verify compares lists of solutions, and two empty lists are equal.
    return config.chop() && hasNoSolution(a) && hasNoSolution(b);
  }

  /** {@code x = 0.333333} and {@code x = 1/3}: compares both sides as values. */
  private boolean sameAssignment(Relation gold, Relation pred) {
    Optional<Relation> a = assigned(gold);
    Optional<Relation> b = assigned(pred);
    return a.isPresent()
        && b.isPresent()
        && a.get().left().equals(b.get().left())
        && terms.same(a.get().right(), b.get().right());
  }

  /** The equation with a variable on its left, if it gives the value of that variable. */
  private static Optional<Relation> assigned(Relation equation) {
    return Stream.of(equation, equation.reversed())
        .filter(e -> e.left() instanceof Symbol symbol && !e.right().dependsOn(symbol))
        .findFirst();
  }

  private boolean sameRealRoots(Expr a, Expr b, Symbol variable) {
    return Value.optional(
            () -> {
              Polynomial f = rootsOf(a, variable);
              Polynomial g = rootsOf(b, variable);
              if (f.isZero() || g.isZero()) {
                return false;
              }
              int count = f.realRoots(budget);
              return count > 0
                  && count == g.realRoots(budget)
                  && count == f.gcd(g, budget).realRoots(budget);
            })
        .orElse(false);
  }

  /**
   * A square-free polynomial with the roots of the term: roots of its numerator, not of its
   * denominator.
   */
  private Polynomial rootsOf(Expr term, Symbol variable) {
    Polynomial.Fraction fraction = Polynomial.of(term, variable, budget);
    Polynomial above = fraction.above();
    if (above.isZero()) {
      return above;
    }
    above = above.squareFree(budget);
    Polynomial common = above.gcd(fraction.below(), budget);
    return common.degree() > 0 ? above.divide(common, budget)[0] : above;
  }

  /** Whether Math-Verify's real solver finds nothing: no solution, or nothing to solve. */
  private boolean hasNoSolution(Expr term) {
    List<Symbol> symbols = new ArrayList<>(Expr.freeSymbols(term));
    if (symbols.isEmpty() || identity.holds(term, Num.of(0))) {
      return true;
    }
    if (symbols.size() > 1 || !symbols.get(0).real()) {
      return false;
    }
    return Value.optional(() -> rootsOf(term, symbols.get(0)).realRoots(budget) == 0)
        .orElseGet(() -> isBeyondBounds(term));
  }

  /** Whether a polynomial in one bounded function, sin x or cos x, has no root between −1 and 1. */
  private boolean isBeyondBounds(Expr term) {
    Symbol bounded = new Symbol("bounded value", true);
    Set<Expr> found = new HashSet<>();
    Expr polynomial =
        Substitution.everywhere(
            term,
            node -> {
              if (node instanceof Expr.Call call
                  && (call.name().equals("sin") || call.name().equals("cos"))) {
                found.add(node);
                return bounded;
              }
              return node;
            });
    return found.size() == 1
        && Expr.freeSymbols(polynomial).size() == 1
        && Value.optional(
                () ->
                    rootsOf(polynomial, bounded)
                        .rootsAsExpressions(budget)
                        .filter(roots -> roots.stream().allMatch(this::isBeyondOne))
                        .isPresent())
            .orElse(false);
  }

  private boolean isBeyondOne(Expr root) {
    return Value.complex(Evaluator.constant(root, budget)).abs().compareTo(BigDecimal.ONE) > 0;
  }
}
