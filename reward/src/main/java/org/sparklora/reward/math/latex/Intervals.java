package org.sparklora.reward.math.latex;

import java.util.List;
import java.util.OptionalInt;
import org.sparklora.reward.math.algebra.Evaluator;
import org.sparklora.reward.math.algebra.Expr;
import org.sparklora.reward.math.algebra.Expr.FiniteSet;
import org.sparklora.reward.math.algebra.Expr.Infinite;
import org.sparklora.reward.math.algebra.Expr.Interval;
import org.sparklora.reward.math.algebra.Expr.NamedSet;
import org.sparklora.reward.math.algebra.Expr.Tuple;
import org.sparklora.reward.math.algebra.ParseFailure;
import org.sparklora.reward.math.number.AlgebraLimit;

/** Converts ends in brackets to an interval, or to a pair if (a, b) or [a, b] would be empty. */
final class Intervals {
  private Intervals() {}

  static Expr of(
      Expr left,
      Expr right,
      boolean leftOpen,
      boolean rightOpen,
      boolean real,
      AlgebraLimit budget) {
    OptionalInt order = Evaluator.compare(right, left, budget);
    boolean bothOpen = leftOpen && rightOpen;
    boolean bothClosed = !leftOpen && !rightOpen;
    if (order.isPresent()
        && (bothOpen && order.getAsInt() <= 0 || bothClosed && order.getAsInt() < 0)) {
      return new Tuple(List.of(left, right));
    }
    if (isNotReal(left, real) || isNotReal(right, real)) {
      throw ParseFailure.meaningless("an interval with an end that is not real");
    }
    if (order.isPresent() && order.getAsInt() < 0) {
      return NamedSet.EMPTY;
    }
    if (order.isPresent() && order.getAsInt() == 0) {
      return bothClosed ? new FiniteSet(List.of(left)) : NamedSet.EMPTY;
    }
    // An infinite end is open, whatever its bracket.
    return new Interval(
        left,
        right,
        leftOpen || left.equals(new Infinite(-1)),
        rightOpen || right.equals(new Infinite(1)));
  }

  private static boolean isNotReal(Expr end, boolean real) {
    return end instanceof Expr.Symbol && !real
        || end == Expr.Constant.I
        || end instanceof Expr.Undefined;
  }
}
