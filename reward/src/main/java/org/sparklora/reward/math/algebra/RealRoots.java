package org.sparklora.reward.math.algebra;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;
import org.sparklora.reward.math.number.AlgebraLimit;
import org.sparklora.reward.math.number.Rational;
import org.sparklora.reward.math.number.Value;

/**
 * The real roots of polynomials with exact coefficients: rational ones exactly, those of quadratics
 * to 50 digits, others to 18 digits, isolated by Sturm's theorem.
 */
final class RealRoots {
  /** Halvings of an interval that contains a single root. */
  private static final int HALVINGS = 60;

  /** Halvings to isolate roots; closer roots count as one. */
  private static final int SEPARATIONS = 80;

  private RealRoots() {}

  /** Each real root once. Throws {@link Value.None}, {@link AlgebraLimit.Exceeded}. */
  static List<Value> of(Polynomial polynomial, AlgebraLimit budget) {
    if (polynomial.degree() <= 0) {
      return List.of();
    }
    Polynomial p = polynomial.squareFree(budget);
    List<Rational> c = p.coefficients();
    c.forEach(one -> budget.fractions(one, c.get(p.degree()))); // each is divided by the lead
    if (p.degree() <= 2) {
      List<Expr> roots = p.rootsAsExpressions(budget).orElseThrow();
      return roots.stream().map(root -> Evaluator.constant(root, budget)).toList();
    }
    List<Polynomial> chain = p.sturmChain(budget);
    Rational bound = bound(c);
    List<Value> roots = new ArrayList<>();
    separate(p, chain, bound.negate(), bound, SEPARATIONS, roots, budget);
    return roots;
  }

  /** Sorts points by their values in ascending order, one for each value. */
  static <P> List<P> sorted(List<P> points, Function<P, Value> value) {
    Comparator<P> order = (a, b) -> Evaluator.compare(value.apply(a), value.apply(b));
    List<P> distinct = new ArrayList<>();
    for (P point : points.stream().sorted(order).toList()) {
      if (distinct.isEmpty() || order.compare(distinct.get(distinct.size() - 1), point) != 0) {
        distinct.add(point);
      }
    }
    return distinct;
  }

  /** Cauchy's bound: no root has a larger absolute value. */
  private static Rational bound(List<Rational> coefficients) {
    Rational lead = coefficients.get(coefficients.size() - 1).abs();
    Rational largest =
        coefficients.stream().map(Rational::abs).max(Rational::compareTo).orElseThrow();
    Rational most = largest.dividedBy(lead);
    return Rational.of(most.plus(Rational.ONE).floor().numerator().add(BigInteger.TWO));
  }

  /** Adds the roots in (from, to]. */
  private static void separate(
      Polynomial p,
      List<Polynomial> chain,
      Rational from,
      Rational to,
      int halvings,
      List<Value> roots,
      AlgebraLimit budget) {
    budget.step(chain.size());
    int count =
        Polynomial.signChanges(chain, link -> link.at(from, budget).signum())
            - Polynomial.signChanges(chain, link -> link.at(to, budget).signum());
    if (count == 0) {
      return;
    }
    if (count == 1 || halvings == 0) {
      roots.add(refined(p, from, to, budget));
      return;
    }
    Rational middle = from.plus(to).times(Rational.HALF);
    separate(p, chain, from, middle, halvings - 1, roots, budget);
    separate(p, chain, middle, to, halvings - 1, roots, budget);
  }

  private static Value refined(Polynomial p, Rational from, Rational to, AlgebraLimit budget) {
    if (p.at(to, budget).signum() == 0) {
      return new Value.Exact(to);
    }
    Rational left = from;
    Rational right = to;
    int above = p.at(to, budget).signum();
    for (int i = 0; i < HALVINGS; i++) {
      budget.step();
      Rational middle = left.plus(right).times(Rational.HALF);
      int sign = p.at(middle, budget).signum();
      if (sign == 0) {
        return new Value.Exact(middle);
      }
      left = sign == above ? left : middle;
      right = sign == above ? middle : right;
    }
    Rational simple = simplest(left, right, 0);
    return p.at(simple, budget).signum() == 0
        ? new Value.Exact(simple)
        : new Value.Exact(left.plus(right).times(Rational.HALF));
  }

  /** The fraction of smallest denominator between two numbers, by continued fractions. */
  private static Rational simplest(Rational from, Rational to, int depth) {
    Rational whole = from.floor();
    Rational next = whole.plus(Rational.ONE);
    if (next.compareTo(to) <= 0 || depth > AlgebraLimit.MAX_DEPTH) {
      return from.isInteger() ? from : next;
    }
    if (from.isInteger()) {
      return from;
    }
    Rational rest =
        simplest(
            Rational.ONE.dividedBy(to.minus(whole)),
            Rational.ONE.dividedBy(from.minus(whole)),
            depth + 1);
    return whole.plus(Rational.ONE.dividedBy(rest));
  }
}
