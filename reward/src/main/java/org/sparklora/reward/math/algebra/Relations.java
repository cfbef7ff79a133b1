package org.sparklora.reward.math.algebra;

import java.util.List;
import org.sparklora.reward.math.algebra.Expr.Chain;
import org.sparklora.reward.math.algebra.Expr.Relation;

/** Classifies relations and chains of relations. */
public final class Relations {
  private Relations() {}

  public static boolean isRelation(Expr expr) {
    return expr instanceof Relation || expr instanceof Chain || expr instanceof Expr.Not;
  }

  public static boolean isEquation(Expr expr) {
    return expr instanceof Relation relation && relation.op() == Relation.Op.EQ
        || expr instanceof Chain chain && chain.links().stream().allMatch(Relations::isEquation);
  }

  /** An equation whose first left side has only names: {@code x = 3}, {@code f(x) = x + 1}. */
  public static boolean isAssignment(Expr expr) {
    return isEquation(expr) && isNamesOnly(first(expr).left());
  }

  public static Relation first(Expr expr) {
    return links(expr).get(0);
  }

  public static Relation last(Expr expr) {
    List<Relation> links = links(expr);
    return links.get(links.size() - 1);
  }

  public static List<Relation> links(Expr expr) {
    return expr instanceof Chain chain ? chain.links() : List.of((Relation) expr);
  }

  public static boolean isNamesOnly(Expr expr) {
    if (expr instanceof Expr.Symbol) {
      return true;
    }
    if (expr instanceof Expr.Pow pow && pow.exponent().equals(Expr.Num.of(-1))) {
      return isNamesOnly(pow.base());
    }
    List<Expr> children = expr.children();
    return !children.isEmpty() && children.stream().allMatch(Relations::isNamesOnly);
  }
}
