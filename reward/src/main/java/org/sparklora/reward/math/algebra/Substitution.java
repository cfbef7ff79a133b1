package org.sparklora.reward.math.algebra;

import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.sparklora.reward.math.algebra.Expr.Symbol;

/** Rebuilds an expression with some nodes replaced. */
public final class Substitution {
  private Substitution() {}

  public static Expr replace(Expr expr, Expr part, Expr value) {
    return everywhere(expr, node -> node.equals(part) ? value : node);
  }

  /** Replaces nodes from the leaves up; the variable of an operator only by another variable. */
  public static Expr everywhere(Expr expr, UnaryOperator<Expr> replacement) {
    List<Expr> children = expr.children();
    if (children.isEmpty()) {
      return replacement.apply(expr);
    }
    List<Expr> parts = children.stream().map(part -> everywhere(part, replacement)).toList();
    return replacement.apply(rebuilt(expr, parts));
  }

  /** The node with other nodes in place of its children. */
  private static Expr rebuilt(Expr expr, List<Expr> parts) {
    int last = parts.size() - 1;
    if (expr instanceof Expr.Add) {
      return new Expr.Add(parts);
    } else if (expr instanceof Expr.Mul) {
      return new Expr.Mul(parts);
    } else if (expr instanceof Expr.Pow) {
      return new Expr.Pow(parts.get(0), parts.get(1));
    } else if (expr instanceof Expr.Percent) {
      return new Expr.Percent(parts.get(0));
    } else if (expr instanceof Expr.Call call) {
      return new Expr.Call(call.name(), parts);
    } else if (expr instanceof Expr.Apply apply) {
      return new Expr.Apply(apply.name(), parts);
    } else if (expr instanceof Expr.Iterated it) {
      Symbol variable = bound(it.variable(), parts.get(last));
      return new Expr.Iterated(
          it.kind(), parts.get(last - 1), variable, parts.subList(0, last - 1));
    } else if (expr instanceof Expr.Limit limit) {
      Symbol variable = bound(limit.variable(), parts.get(1));
      return new Expr.Limit(parts.get(0), variable, parts.get(2), limit.fromAbove());
    } else if (expr instanceof Expr.Derivative derivative) {
      return new Expr.Derivative(parts.get(0), bound(derivative.variable(), parts.get(1)));
    } else if (expr instanceof Expr.Matrix matrix) {
      int width = matrix.rows().get(0).size();
      return new Expr.Matrix(
          IntStream.range(0, matrix.rows().size())
              .mapToObj(row -> parts.subList(row * width, (row + 1) * width))
              .toList());
    } else if (expr instanceof Expr.Relation relation) {
      return new Expr.Relation(relation.op(), parts.get(0), parts.get(1));
    } else if (expr instanceof Expr.Chain) {
      return new Expr.Chain(parts.stream().map(Expr.Relation.class::cast).toList());
    } else if (expr instanceof Expr.FiniteSet set) {
      Expr.FiniteSet replaced = new Expr.FiniteSet(parts);
      return new Expr.FiniteSet(replaced.elements(), set.repeating() || replaced.repeating());
    } else if (expr instanceof Expr.Tuple) {
      return new Expr.Tuple(parts);
    } else if (expr instanceof Expr.Interval i) {
      return new Expr.Interval(parts.get(0), parts.get(1), i.leftOpen(), i.rightOpen());
    } else if (expr instanceof Expr.SetOperation operation) {
      return new Expr.SetOperation(operation.op(), parts.get(0), parts.get(1));
    }
    return expr instanceof Expr.Not ? new Expr.Not(parts.get(0)) : expr;
  }

  private static Symbol bound(Symbol variable, Expr replaced) {
    return replaced instanceof Symbol renamed ? renamed : variable;
  }
}
