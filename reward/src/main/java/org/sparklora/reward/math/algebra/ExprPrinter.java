package org.sparklora.reward.math.algebra;

import java.util.stream.Collectors;
import org.sparklora.reward.math.algebra.Expr.Num;

/** Prints expressions as text, for reports and for the few rules that compare printed text. */
public final class ExprPrinter {
  /** Longest text in reports. */
  private static final int MAX_LENGTH = 400;

  private static final int MAX_NODES = 300;

  private ExprPrinter() {}

  public static String print(Expr expr) {
    if (Expr.size(expr, MAX_NODES) >= MAX_NODES) {
      return "(a large expression)";
    }
    String text = text(expr);
    return text.length() > MAX_LENGTH ? text.substring(0, MAX_LENGTH) + "…" : text;
  }

  private static String text(Expr expr) {
    if (expr instanceof Num num) {
      return num.decimal() ? num.value().toDecimal().toPlainString() : num.value().toString();
    } else if (expr instanceof Expr.Symbol symbol) {
      return symbol.name();
    } else if (expr instanceof Expr.Infinite infinite) {
      return infinite.sign() > 0 ? "oo" : "-oo";
    } else if (expr instanceof Expr.Constant constant) {
      return switch (constant) {
        case PI -> "pi";
        case E -> "E";
        case I -> "I";
        case EULER_GAMMA -> "EulerGamma";
      };
    } else if (expr instanceof Expr.Add add) {
      return "(" + joined(add, " + ") + ")";
    } else if (expr instanceof Expr.Mul mul) {
      return joined(mul, "*");
    } else if (expr instanceof Expr.Pow pow) {
      return text(pow.base()) + "**(" + text(pow.exponent()) + ")";
    } else if (expr instanceof Expr.Percent percent) {
      return text(percent.arg()) + "*(1/100)";
    } else if (expr instanceof Expr.Call call) {
      return call.name() + "(" + joined(call, ", ") + ")";
    } else if (expr instanceof Expr.Apply apply) {
      return apply.name() + "(" + joined(apply, ", ") + ")";
    } else if (expr instanceof Expr.Relation relation) {
      return relation.op() + "(" + joined(relation, ", ") + ")";
    } else if (expr instanceof Expr.Chain chain) {
      return joined(chain, " & ");
    } else if (expr instanceof Expr.FiniteSet set) {
      return "{" + joined(set, ", ") + "}";
    } else if (expr instanceof Expr.Tuple tuple) {
      return "(" + joined(tuple, ", ") + ")";
    } else if (expr instanceof Expr.Interval i) {
      return (i.leftOpen() ? "(" : "[") + joined(i, ", ") + (i.rightOpen() ? ")" : "]");
    }
    String name = expr instanceof Enum<?> e ? e.name() : expr.getClass().getSimpleName();
    return expr.children().isEmpty() ? name : name + "(" + joined(expr, ", ") + ")";
  }

  private static String joined(Expr expr, String separator) {
    return expr.children().stream().map(ExprPrinter::text).collect(Collectors.joining(separator));
  }
}
