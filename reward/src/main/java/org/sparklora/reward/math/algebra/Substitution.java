package org.sparklora.reward.math.algebra;

import java.util.List;
import java.util.function.UnaryOperator;
import org.sparklora.reward.math.algebra.Expr.Symbol;

/** Rebuilds an expression with some nodes replaced. */
public final class Substitution {
  private Substitution() {}

  public static Expr replace(Expr expr, Expr part, Expr value) {
    return everywhere(expr, node -> node.equals(part) ? value : node);
  }

  /**
   * Replaces nodes from the leaves up. The variable of an operator is replaced only by another
   * variable.
   */
  public static Expr everywhere(Expr expr, UnaryOperator<Expr> replacement) {
    UnaryOperator<Expr> inner = node -> everywhere(node, replacement);
    Expr rebuilt = expr;
    if (expr instanceof Expr.Add add) {
      rebuilt = new Expr.Add(each(add.terms(), inner));
    } else if (expr instanceof Expr.Mul mul) {
      rebuilt = new Expr.Mul(each(mul.factors(), inner));
    } else if (expr instanceof Expr.Pow pow) {
      rebuilt = new Expr.Pow(inner.apply(pow.base()), inner.apply(pow.exponent()));
    } else if (expr instanceof Expr.Percent percent) {
      rebuilt = new Expr.Percent(inner.apply(percent.arg()));
    } else if (expr instanceof Expr.Call call) {
      rebuilt = new Expr.Call(call.name(), each(call.args(), inner));
    } else if (expr instanceof Expr.Apply apply) {
      rebuilt = new Expr.Apply(apply.name(), each(apply.args(), inner));
    } else if (expr instanceof Expr.Iterated it) {
      rebuilt =
          new Expr.Iterated(
              it.kind(),
              inner.apply(it.body()),
              bound(it.variable(), inner),
              each(it.bounds(), inner));
    } else if (expr instanceof Expr.Limit limit) {
      rebuilt =
          new Expr.Limit(
              inner.apply(limit.body()),
              bound(limit.variable(), inner),
              inner.apply(limit.point()),
              limit.fromAbove());
    } else if (expr instanceof Expr.Derivative derivative) {
      rebuilt =
          new Expr.Derivative(inner.apply(derivative.body()), bound(derivative.variable(), inner));
    } else if (expr instanceof Expr.Matrix matrix) {
      rebuilt = new Expr.Matrix(matrix.rows().stream().map(row -> each(row, inner)).toList());
    } else if (expr instanceof Expr.Relation relation) {
      rebuilt = relation(relation, inner);
    } else if (expr instanceof Expr.Chain chain) {
      rebuilt = new Expr.Chain(chain.links().stream().map(link -> relation(link, inner)).toList());
    } else if (expr instanceof Expr.FiniteSet set) {
      Expr.FiniteSet replaced = new Expr.FiniteSet(each(set.elements(), inner));
      rebuilt = new Expr.FiniteSet(replaced.elements(), set.repeating() || replaced.repeating());
    } else if (expr instanceof Expr.Tuple tuple) {
      rebuilt = new Expr.Tuple(each(tuple.elements(), inner));
    } else if (expr instanceof Expr.Interval interval) {
      rebuilt =
          new Expr.Interval(
              inner.apply(interval.start()),
              inner.apply(interval.end()),
              interval.leftOpen(),
              interval.rightOpen());
    } else if (expr instanceof Expr.SetOperation op) {
      rebuilt = new Expr.SetOperation(op.op(), inner.apply(op.left()), inner.apply(op.right()));
    } else if (expr instanceof Expr.Not not) {
      rebuilt = new Expr.Not(inner.apply(not.statement()));
    }
    return replacement.apply(rebuilt);
  }

  private static Expr.Relation relation(Expr.Relation relation, UnaryOperator<Expr> inner) {
    return new Expr.Relation(
        relation.op(), inner.apply(relation.left()), inner.apply(relation.right()));
  }

  private static Symbol bound(Symbol variable, UnaryOperator<Expr> inner) {
    return inner.apply(variable) instanceof Symbol renamed ? renamed : variable;
  }

  private static List<Expr> each(List<? extends Expr> parts, UnaryOperator<Expr> inner) {
    return parts.stream().<Expr>map(inner::apply).toList();
  }
}
