package org.sparklora.reward.math.dialect;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.sparklora.reward.math.algebra.Expr;
import org.sparklora.reward.math.algebra.Expr.FiniteSet;
import org.sparklora.reward.math.algebra.Expr.Interval;
import org.sparklora.reward.math.algebra.Expr.Relation;
import org.sparklora.reward.math.algebra.Expr.Symbol;
import org.sparklora.reward.math.algebra.Expr.Tuple;

/** Values with names, such as {@code x=3, y=5}. */
final class NamedValues {
  private static final Pattern INDEXED = Pattern.compile("(.+?)_\\{?([0-9]{1,9})\\}?");

  private NamedValues() {}

  /** The equations in the order of their names, if these follow one another: x, y or a_1, a_2. */
  static Expr ordered(Expr expr) {
    if (!areNamed(expr)) {
      return expr;
    }
    List<Expr> sorted = new ArrayList<>(expr.children());
    sorted.sort(Comparator.comparing(NamedValues::family).thenComparingInt(NamedValues::place));
    for (int i = 1; i < sorted.size(); i++) {
      Expr before = sorted.get(i - 1);
      Expr after = sorted.get(i);
      if (!family(before).equals(family(after)) || place(before) + 1 != place(after)) {
        return expr;
      }
    }
    return new FiniteSet(sorted);
  }

  /** The answer {@code x_1=2, x_2=3} with the solution's name, if that is x for all values. */
  static Expr withoutIndices(Expr answer, Expr gold) {
    if (!areNamed(answer) || !areNamed(gold)) {
      return answer;
    }
    Symbol name = name(gold.children().get(0));
    boolean indexed =
        answer.children().stream()
            .allMatch(e -> family(e).equals(name.name()) && !name(e).equals(name));
    return indexed
        ? new FiniteSet(
            answer.children().stream()
                .map(e -> new Relation(Relation.Op.EQ, name, ((Relation) e).right()))
                .toList())
        : answer;
  }

  /** The equations of {@code (p,q)=(5,2)}; none if these are no names and values. */
  static List<Expr> equations(Expr answer) {
    if (!(answer instanceof Relation relation)
        || relation.op() != Relation.Op.EQ
        || !(relation.left() instanceof Tuple names)) {
      return List.of();
    }
    List<Expr> values =
        relation.right() instanceof Interval i ? i.children() : relation.right().children();
    if (values.size() != names.elements().size()) {
      return List.of();
    }
    List<Expr> equations = new ArrayList<>();
    for (int i = 0; i < values.size(); i++) {
      equations.add(new Relation(Relation.Op.EQ, names.elements().get(i), values.get(i)));
    }
    return equations;
  }

  private static boolean areNamed(Expr expr) {
    return expr instanceof FiniteSet set
        && !set.elements().isEmpty()
        && set.elements().stream()
            .allMatch(
                e ->
                    e instanceof Relation r
                        && r.op() == Relation.Op.EQ
                        && r.left() instanceof Symbol);
  }

  private static Symbol name(Expr equation) {
    return (Symbol) ((Relation) equation).left();
  }

  /** The name without its index; letters are all of one family. */
  private static String family(Expr equation) {
    String name = name(equation).name();
    Matcher indexed = INDEXED.matcher(name);
    return indexed.matches() ? indexed.group(1) : name.length() > 1 ? name : "";
  }

  private static int place(Expr equation) {
    String name = name(equation).name();
    Matcher indexed = INDEXED.matcher(name);
    return indexed.matches()
        ? Integer.parseInt(indexed.group(2))
        : name.length() > 1 ? 0 : name.charAt(0);
  }
}
