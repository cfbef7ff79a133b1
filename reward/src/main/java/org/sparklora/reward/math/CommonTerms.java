package org.sparklora.reward.math;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.sparklora.reward.math.Expr.Add;
import org.sparklora.reward.math.Expr.Mul;
import org.sparklora.reward.math.Expr.Num;

/**
 * Two sums without the terms they share. What is left shows a difference that 50 digits would hide
 * beside them: of sin x + 10⁻⁵⁰x and sin x only 10⁻⁵⁰x and 0 remain.
 *
 * @param left what the first sum has more of
 * @param right what the second has more of
 */
record CommonTerms(Expr left, Expr right) {

  /** Empty when the sums share nothing, or when nothing is left of either. */
  static Optional<CommonTerms> removedFrom(Expr a, Expr b, Budget budget) {
    // Each product of what is no number, with how often it stands in a − b.
    Map<Map<Expr, Integer>, Rational> counts = new LinkedHashMap<>();
    collect(a, Rational.ONE, counts, budget);
    int terms = counts.size();
    collect(b, Rational.of(-1), counts, budget);
    List<Expr> left = new ArrayList<>();
    List<Expr> right = new ArrayList<>();
    counts.forEach(
        (factors, count) -> {
          if (count.signum() > 0) {
            left.add(product(factors, count));
          } else if (count.signum() < 0) {
            right.add(product(factors, count.negate()));
          }
        });
    boolean shared = left.size() + right.size() < counts.size() || counts.size() == terms;
    return !shared || left.isEmpty() && right.isEmpty()
        ? Optional.empty()
        : Optional.of(new CommonTerms(sum(left), sum(right)));
  }

  private static void collect(
      Expr expr, Rational factor, Map<Map<Expr, Integer>, Rational> counts, Budget budget) {
    budget.step();
    if (expr instanceof Add add) {
      add.terms().forEach(term -> collect(term, factor, counts, budget));
      return;
    }
    Rational count = factor;
    List<Expr> others = new ArrayList<>();
    for (Expr part : expr instanceof Mul mul ? mul.factors() : List.of(expr)) {
      if (part instanceof Num num) {
        count = count.times(num.value());
        budget.checkBits(count.bits());
      } else {
        others.add(part);
      }
    }
    if (others.size() == 1 && others.get(0) instanceof Add add) {
      Rational each = count;
      add.terms().forEach(term -> collect(term, each, counts, budget));
      return;
    }
    Map<Expr, Integer> factors = new HashMap<>();
    others.forEach(other -> factors.merge(other, 1, Integer::sum));
    counts.merge(factors, count, Rational::plus);
  }

  private static Expr product(Map<Expr, Integer> factors, Rational count) {
    List<Expr> parts = new ArrayList<>(List.of(Num.of(count)));
    factors.forEach(
        (factor, times) -> {
          for (int i = 0; i < times; i++) {
            parts.add(factor);
          }
        });
    return new Mul(List.copyOf(parts));
  }

  private static Expr sum(List<Expr> terms) {
    return terms.isEmpty() ? Num.of(0) : new Add(List.copyOf(terms));
  }
}
