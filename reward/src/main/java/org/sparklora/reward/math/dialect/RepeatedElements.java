package org.sparklora.reward.math.dialect;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.sparklora.reward.math.algebra.Expr;
import org.sparklora.reward.math.algebra.Expr.FiniteSet;
import org.sparklora.reward.math.dialect.SoundText.Cleaned;
import org.sparklora.reward.math.number.AlgebraLimit;

/** Compares lists such as 1, 1, 2, 3, which are no sets as an element occurs twice. */
record RepeatedElements(SoundReadings readings, MathEquivalence equivalence, AlgebraLimit budget) {

  /**
   * Whether an answer has each element as often as the solution; empty if the solution repeats
   * none, is a set in braces, or cannot be split.
   */
  Optional<Boolean> same(Cleaned gold, Cleaned answer) {
    boolean repeats =
        !gold.braced()
            && gold.latex().contains(",")
            && readings.of(gold).stream()
                .limit(1)
                .anyMatch(list -> list instanceof FiniteSet set && set.repeating());
    Optional<List<Expr>> wanted = repeats ? elements(gold) : Optional.empty();
    return wanted.flatMap(list -> elements(answer).map(given -> sameInSomeOrder(list, given)));
  }

  /** The elements as written: a list in round brackets keeps all of them. */
  private Optional<List<Expr>> elements(Cleaned list) {
    String latex = list.latex().replaceAll("^\\\\\\{|\\\\\\}$", "");
    Cleaned tuple =
        new Cleaned(
            "(" + latex + ")", false, Optional.empty(), Optional.empty(), Conjunction.COMMA, false);
    return readings.of(tuple).stream()
        .findFirst()
        .map(expr -> SoundReadings.isPoint(expr) ? expr.children() : List.of(expr));
  }

  private boolean sameInSomeOrder(List<Expr> gold, List<Expr> answer) {
    List<Expr> left = new ArrayList<>(answer);
    for (Expr expected : gold) {
      budget.step();
      Optional<Expr> found = left.stream().filter(e -> equivalence.same(expected, e)).findFirst();
      if (found.isEmpty()) {
        return false;
      }
      left.remove(found.get());
    }
    return left.isEmpty();
  }
}
