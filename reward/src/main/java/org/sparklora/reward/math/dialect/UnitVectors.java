package org.sparklora.reward.math.dialect;

import java.util.ArrayList;
import java.util.List;
import org.sparklora.reward.math.algebra.Expr;
import org.sparklora.reward.math.algebra.Expr.Add;
import org.sparklora.reward.math.algebra.Expr.Constant;
import org.sparklora.reward.math.algebra.Expr.Matrix;
import org.sparklora.reward.math.algebra.Expr.Num;
import org.sparklora.reward.math.algebra.Expr.Symbol;
import org.sparklora.reward.math.algebra.Expr.Tuple;
import org.sparklora.reward.math.algebra.Relations;
import org.sparklora.reward.math.algebra.Substitution;

/** Reads {@code 3\mathbf{i}-\mathbf{j}} as (3, −1), where a point or a column is meant. */
record UnitVectors(MathEquivalence equivalence) {
  /** The letters i, j, k, the first of which is otherwise the imaginary unit. */
  private static final List<Expr> UNITS =
      List.of(Constant.I, new Symbol("j", true), new Symbol("k", true));

  /** The coordinates of a vector, if the other side has as many; another term itself. */
  Expr pointLike(Expr other, Expr vector) {
    int size = dimension(other);
    if (size < 2
        || size > UNITS.size()
        || vector.isCollection()
        || Relations.isRelation(vector)
        || UNITS.stream().filter(unit -> vector.contains(unit::equals)).count() < 2) {
      return vector;
    }
    List<Expr> coordinates = new ArrayList<>();
    List<Expr> terms = new ArrayList<>();
    for (Expr unit : UNITS.subList(0, size)) {
      Expr coordinate =
          Substitution.everywhere(
              vector, node -> UNITS.contains(node) ? Num.of(node.equals(unit) ? 1 : 0) : node);
      coordinates.add(coordinate);
      terms.add(Expr.times(coordinate, unit));
    }
    return equivalence.same(vector, new Add(List.copyOf(terms)))
        ? new Tuple(List.copyOf(coordinates))
        : vector;
  }

  private static int dimension(Expr expr) {
    boolean column =
        expr instanceof Matrix matrix && matrix.rows().stream().allMatch(row -> row.size() == 1);
    return column || SoundReadings.isPoint(expr) ? expr.children().size() : 0;
  }
}
