package org.sparklora.reward.math.dialect;

import java.util.ArrayList;
import java.util.List;
import org.sparklora.reward.math.algebra.Budget;
import org.sparklora.reward.math.algebra.Expr;
import org.sparklora.reward.math.algebra.Expr.FiniteSet;
import org.sparklora.reward.math.algebra.Expr.Interval;
import org.sparklora.reward.math.algebra.Expr.Tuple;
import org.sparklora.reward.math.algebra.RealSets;

/** Sets, intervals and tuples against each other; a single value counts as a set of one. */
final class SetComparison {
  private final MathEquivalence elements;
  private final Budget budget;

  SetComparison(MathEquivalence elements, Budget budget) {
    this.elements = elements;
    this.budget = budget;
  }

  boolean same(Expr solution, Expr prediction) {
    Expr gold = solution.isCollection() ? solution : new FiniteSet(List.of(solution));
    Expr pred = prediction.isCollection() ? prediction : new FiniteSet(List.of(prediction));
    if (gold instanceof Interval a && pred instanceof Interval b) {
      return a.leftOpen() == b.leftOpen()
          && a.rightOpen() == b.rightOpen()
          && elements.same(a.start(), b.start())
          && elements.same(a.end(), b.end());
    }
    if (gold.equals(pred)) {
      return true;
    }
    boolean bothSets = !(gold instanceof Tuple) && !(pred instanceof Tuple);
    if (bothSets && RealSets.equal(gold, pred, budget).orElse(false)) {
      return true;
    }
    if (listed(gold) && listed(pred)) {
      return sameElements(gold, pred, prediction.isCollection());
    }
    if (gold instanceof Interval a && a.isOpen() && pred.children().size() == 2 && listed(pred)) {
      return sameElements(new Tuple(a.children()), pred, true);
    }
    if (pred instanceof Interval b && b.isOpen() && gold.children().size() == 2 && listed(gold)) {
      return sameElements(gold, new Tuple(b.children()), true);
    }
    return bothSets && sameOperation(gold, pred);
  }

  private static boolean listed(Expr expr) {
    return expr instanceof FiniteSet || expr instanceof Tuple;
  }

  /** Only a set in the solution frees the prediction from its order. */
  private boolean sameElements(Expr gold, Expr pred, boolean written) {
    List<Expr> left = gold.children();
    List<Expr> right = pred.children();
    if (left.size() != right.size()) {
      return false;
    }
    if (gold instanceof FiniteSet || !written) {
      return sameInSomeOrder(left, right);
    }
    if (pred instanceof FiniteSet set && set.repeating()) {
      return false;
    }
    for (int i = 0; i < left.size(); i++) {
      if (!elements.same(left.get(i), right.get(i))) {
        return false;
      }
    }
    return true;
  }

  private boolean sameInSomeOrder(List<Expr> gold, List<Expr> pred) {
    List<Expr> left = new ArrayList<>(pred);
    for (Expr expected : gold) {
      boolean found = false;
      for (int i = 0; i < left.size() && !found; i++) {
        budget.step();
        if (elements.same(expected, left.get(i))) {
          left.remove(i);
          found = true;
        }
      }
      if (!found) {
        return false;
      }
    }
    return true;
  }

  /** Unions and differences of the same build, when their ends are not numbers. */
  private boolean sameOperation(Expr gold, Expr pred) {
    return gold instanceof Expr.SetOperation a
        && pred instanceof Expr.SetOperation b
        && a.op() == b.op()
        && RealSets.equal(gold, pred, budget).isEmpty()
        && same(a.left(), b.left())
        && same(a.right(), b.right());
  }
}
