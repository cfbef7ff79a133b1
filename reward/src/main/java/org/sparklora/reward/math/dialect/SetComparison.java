package org.sparklora.reward.math.dialect;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.sparklora.reward.math.algebra.DecimalArithmetic;
import org.sparklora.reward.math.algebra.Evaluator;
import org.sparklora.reward.math.algebra.Expr;
import org.sparklora.reward.math.algebra.Expr.FiniteSet;
import org.sparklora.reward.math.algebra.Expr.Interval;
import org.sparklora.reward.math.algebra.Expr.NamedSet;
import org.sparklora.reward.math.algebra.Expr.SetOperation;
import org.sparklora.reward.math.algebra.Expr.Tuple;
import org.sparklora.reward.math.algebra.ExprPrinter;
import org.sparklora.reward.math.algebra.RealSets;
import org.sparklora.reward.math.number.AlgebraLimit;

/** Compares sets, intervals and tuples; a single value counts as a set of one. */
record SetComparison(MathEquivalence elements, VerifyConfig config, AlgebraLimit budget) {
  private static final Expr LINE =
      new Interval(new Expr.Infinite(-1), new Expr.Infinite(1), true, true);

  boolean same(Expr solution, Expr prediction) {
    Expr gold = solution.isCollection() ? solution : new FiniteSet(List.of(solution));
    Expr pred = prediction.isCollection() ? prediction : new FiniteSet(List.of(prediction));
    if (config.chop() && (cannotBeRead(gold) || cannotBeRead(pred))) {
      return false;
    }
    if (gold instanceof Interval a && pred instanceof Interval b) {
      return a.leftOpen() == b.leftOpen()
          && a.rightOpen() == b.rightOpen()
          && elements.same(a.start(), b.start())
          && elements.same(a.end(), b.end());
    }
    if (ordered(gold).equals(ordered(pred))) {
      return true;
    }
    if (config.chop() && (isLeft(gold) && !isUnion(pred) || isLeft(pred) && !isUnion(gold))) {
      return false;
    }
    if (!config.chop() && gold instanceof FiniteSet != pred instanceof FiniteSet) {
      // Elements in braces are unordered, elements in brackets are ordered.
      return RealSets.equal(gold, pred, budget).orElse(false);
    }
    boolean bothSets = !(gold instanceof Tuple) && !(pred instanceof Tuple);
    boolean asFloats =
        config.chop() && listed(gold) && listed(pred) && (gold.hasDecimal() || pred.hasDecimal());
    if (bothSets
        && (asFloats
            ? sameMembers(gold.children(), pred.children())
            : RealSets.equal(gold, pred, budget).orElse(false))) {
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
    return !config.chop() && bothSets && sameOperation(gold, pred);
  }

  /** The set with the sides of each union and intersection in one order. */
  private static Expr ordered(Expr set) {
    if (!(set instanceof SetOperation operation)) {
      return set.equals(LINE) ? NamedSet.REALS : set;
    }
    Expr left = ordered(operation.left());
    Expr right = ordered(operation.right());
    if (isUnion(set) && left instanceof FiniteSet && right instanceof FiniteSet) {
      return new FiniteSet(
          Stream.concat(left.children().stream(), right.children().stream()).toList());
    }
    boolean swap =
        operation.op() != SetOperation.Op.MINUS
            && ExprPrinter.print(left).compareTo(ExprPrinter.print(right)) > 0;
    return new SetOperation(operation.op(), swap ? right : left, swap ? left : right);
  }

  /** Whether Math-Verify leaves the set as written, except beside a union. */
  private static boolean isLeft(Expr set) {
    return set.contains(node -> node instanceof SetOperation && !isUnion(node));
  }

  private static boolean isUnion(Expr set) {
    return set instanceof SetOperation operation && operation.op() == SetOperation.Op.UNION;
  }

  /** Math-Verify cannot order a percentage and a number that is not written as a fraction. */
  private boolean cannotBeRead(Expr pair) {
    List<Expr> ends = pair.children();
    boolean ordered = pair instanceof Interval || pair instanceof Tuple && ends.size() == 2;
    return ordered
        && ends.stream()
            .filter(SetComparison::holdsPercent)
            .anyMatch(e -> Evaluator.compare(e, Expr.Num.of(0), budget).orElse(1) != 0)
        && ends.stream()
            .anyMatch(e -> !holdsPercent(e) && !(e instanceof Expr.Num num && !num.decimal()));
  }

  private static boolean holdsPercent(Expr expr) {
    return expr.contains(Expr.Percent.class::isInstance);
  }

  private static boolean listed(Expr expr) {
    return expr instanceof FiniteSet || expr instanceof Tuple;
  }

  /** The order counts unless the solution is a set, or the prediction a single value. */
  private boolean sameElements(Expr gold, Expr pred, boolean written) {
    List<Expr> left = gold.children();
    List<Expr> right = pred.children();
    if (left.size() != right.size()) {
      return false;
    }
    if (gold instanceof FiniteSet || !written) {
      return samePercentagesLast(left, right) && sameInSomeOrder(left, right);
    }
    if (pred instanceof FiniteSet set && set.repeating()) {
      return false;
    }
    return elements.sameInOrder(left, right);
  }

  /** Math-Verify's equality of sets of floats, in which a member may occur twice. */
  private boolean sameMembers(List<Expr> gold, List<Expr> pred) {
    return gold.stream().allMatch(a -> isAmong(a, pred))
        && pred.stream().allMatch(b -> isAmong(b, gold));
  }

  private boolean isAmong(Expr element, List<Expr> elements) {
    return elements.stream().anyMatch(e -> DecimalArithmetic.coincide(element, e, budget));
  }

  /** Math-Verify sorts by size, percentages after numbers: compares both lists in that order. */
  private boolean samePercentagesLast(List<Expr> gold, List<Expr> pred) {
    return !config.chop()
        || Stream.concat(gold.stream(), pred.stream()).noneMatch(SetComparison::holdsPercent)
        || elements.sameInOrder(sorted(gold), sorted(pred));
  }

  private List<Expr> sorted(List<Expr> numbers) {
    Comparator<Expr> order = Comparator.comparing(SetComparison::holdsPercent);
    return numbers.stream()
        .sorted(order.thenComparing((a, b) -> Evaluator.compare(a, b, budget).orElse(0)))
        .toList();
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

  /** Compares unions and differences of the same structure whose ends are not numbers. */
  private boolean sameOperation(Expr gold, Expr pred) {
    return gold instanceof SetOperation a
        && pred instanceof SetOperation b
        && a.op() == b.op()
        && RealSets.equal(gold, pred, budget).isEmpty()
        && same(a.left(), b.left())
        && same(a.right(), b.right());
  }
}
