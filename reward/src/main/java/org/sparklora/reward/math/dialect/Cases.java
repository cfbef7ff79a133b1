package org.sparklora.reward.math.dialect;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiPredicate;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.sparklora.reward.math.algebra.Evaluator;
import org.sparklora.reward.math.algebra.Expr;
import org.sparklora.reward.math.algebra.Expr.Add;
import org.sparklora.reward.math.algebra.Expr.Chain;
import org.sparklora.reward.math.algebra.Expr.Num;
import org.sparklora.reward.math.algebra.Expr.Pow;
import org.sparklora.reward.math.algebra.Expr.Relation;
import org.sparklora.reward.math.algebra.Expr.Symbol;
import org.sparklora.reward.math.algebra.Identity;
import org.sparklora.reward.math.algebra.Relations;
import org.sparklora.reward.math.algebra.Substitution;
import org.sparklora.reward.math.dialect.SoundText.Cleaned;
import org.sparklora.reward.math.number.AlgebraLimit;
import org.sparklora.reward.math.number.Rational;
import org.sparklora.reward.math.number.Value;

/**
 * Compares functions given by cases: row by row, or by their values on each piece of the line. Also
 * compares the terms of ratios such as 1:2:3.
 *
 * @param equal whether two parts mean the same
 */
record Cases(
    BiPredicate<String, String> equal,
    SoundReadings readings,
    Identity identity,
    AlgebraLimit budget) {
  private static final Pattern OTHERWISE =
      Pattern.compile("(?:\\\\(?:text|mathrm)\\{\\s*)?(?:otherwise|else)[.,\\s]*\\}?");

  /** Rows with more parts are compared in their order only. */
  private static final int MOST_PARTS = 24;

  /** A value and its condition; without one, for all numbers that no other row has. */
  private record Row(Expr value, Optional<Expr> condition) {}

  /** Empty if neither is a function by cases or a ratio of several terms. */
  Optional<Boolean> same(Cleaned gold, Cleaned answer) {
    List<String> a = SoundText.parts(gold.latex());
    List<String> b = SoundText.parts(answer.latex());
    if (a.isEmpty() && b.isEmpty()) {
      return Optional.empty();
    }
    boolean cases = SoundText.areCases(gold.latex());
    boolean given = SoundText.areCases(answer.latex());
    boolean few = a.size() <= MOST_PARTS && b.size() <= MOST_PARTS;
    boolean rows = few && cases && a.size() % 2 == 0;
    return Optional.of(
        (rows ? sameRows(a, b) : sameParts(a, b))
            || few
                && (cases || given)
                && Value.optional(
                        () ->
                            sameValues(
                                rows(cases ? a : List.of(gold.latex())),
                                rows(given ? b : List.of(answer.latex()))))
                    .orElse(false));
  }

  private boolean sameParts(List<String> gold, List<String> answer) {
    return gold.size() == answer.size()
        && IntStream.range(0, gold.size()).allMatch(i -> equal.test(gold.get(i), answer.get(i)));
  }

  /** Whether both have the same rows in any order. */
  private boolean sameRows(List<String> gold, List<String> answer) {
    if (gold.size() != answer.size()) {
      return false;
    }
    List<String> left = new ArrayList<>(answer);
    for (int i = 0; i < gold.size(); i += 2) {
      List<String> row = gold.subList(i, i + 2);
      int found = 0;
      while (found < left.size() && !sameParts(row, left.subList(found, found + 2))) {
        found += 2;
      }
      if (found == left.size()) {
        return false;
      }
      left.subList(found, found + 2).clear();
    }
    return true;
  }

  /** The rows, or the one value of a term; empty if a part cannot be read. */
  private List<Row> rows(List<String> parts) {
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < parts.size(); i += 2) {
      boolean rest = i + 1 == parts.size() || OTHERWISE.matcher(parts.get(i + 1)).matches();
      Optional<Expr> value =
          read(parts.get(i))
              .map(e -> Relations.isEquation(e) ? Relations.last(e).right() : e)
              .filter(e -> !e.isCollection() && !Relations.isRelation(e));
      Optional<Expr> condition = rest ? Optional.empty() : read(parts.get(i + 1));
      if (value.isEmpty() || !rest && condition.isEmpty()) {
        return List.of();
      }
      rows.add(new Row(value.get(), condition));
    }
    return rows;
  }

  private Optional<Expr> read(String latex) {
    return readings.of(SoundText.clean(latex)).stream().findFirst();
  }

  /** Whether two functions of one variable have equal values between and at the ends of rows. */
  private boolean sameValues(List<Row> gold, List<Row> answer) {
    Set<Symbol> names = new HashSet<>();
    TreeSet<Rational> ends = new TreeSet<>();
    for (Row row : Stream.concat(gold.stream(), answer.stream()).toList()) {
      names.addAll(Expr.freeSymbols(row.value()));
      if (row.condition().isPresent() && !collectEnds(row.condition().get(), names, ends)) {
        return false;
      }
    }
    if (gold.isEmpty() || answer.isEmpty() || names.size() != 1) {
      return false;
    }
    Symbol x = names.iterator().next();
    Optional<Rational> from = Optional.empty();
    for (Rational to : ends) {
      if (!sameBetween(gold, answer, x, from, Optional.of(to))
          || !sameAt(gold, answer, x, to, Num.of(to))) {
        return false;
      }
      from = Optional.of(to);
    }
    return sameBetween(gold, answer, x, from, Optional.empty());
  }

  /** Adds the variable and the bounds of a condition; false if it has another form. */
  private boolean collectEnds(Expr condition, Set<Symbol> names, Set<Rational> ends) {
    if (!(condition instanceof Relation) && !(condition instanceof Chain)) {
      return false;
    }
    for (Relation link : Relations.links(condition)) {
      for (Expr side : link.children()) {
        if (side instanceof Symbol symbol) {
          names.add(symbol);
        } else if (Evaluator.folded(side, budget) instanceof Num number) {
          ends.add(number.value());
        } else {
          return false;
        }
      }
    }
    return true;
  }

  private boolean sameBetween(
      List<Row> gold, List<Row> answer, Symbol x, Optional<Rational> from, Optional<Rational> to) {
    Rational low = from.orElseGet(() -> to.orElse(Rational.ONE).minus(Rational.of(2)));
    Rational high = to.orElseGet(() -> from.orElse(Rational.of(-1)).plus(Rational.of(2)));
    // Squares reach the numbers on one side of an end, and their shares the numbers between two.
    Expr square = new Pow(x, Num.of(2));
    Expr place = x;
    if (from.isPresent() && to.isPresent()) {
      Expr share = Expr.divide(square, new Add(List.of(Num.of(1), square)));
      place = new Add(List.of(Num.of(low), Expr.times(Num.of(high.minus(low)), share)));
    } else if (from.isPresent()) {
      place = new Add(List.of(Num.of(low), square));
    } else if (to.isPresent()) {
      place = Expr.minus(Num.of(high), square);
    }
    return sameAt(gold, answer, x, low.plus(high).times(Rational.HALF), place);
  }

  private boolean sameAt(List<Row> gold, List<Row> answer, Symbol x, Rational at, Expr place) {
    Optional<Expr> a = value(gold, x, at);
    Optional<Expr> b = value(answer, x, at);
    return a.isPresent() && b.isPresent()
        ? identity.holds(
            Substitution.replace(a.get(), x, place), Substitution.replace(b.get(), x, place))
        : a.isEmpty() && b.isEmpty();
  }

  private Optional<Expr> value(List<Row> rows, Symbol x, Rational at) {
    return rows.stream()
        .filter(row -> row.condition().filter(condition -> holds(condition, x, at)).isPresent())
        .findFirst()
        .or(() -> rows.stream().filter(row -> row.condition().isEmpty()).findFirst())
        .map(Row::value);
  }

  private boolean holds(Expr condition, Symbol x, Rational at) {
    return Relations.links(condition).stream().allMatch(link -> linkHolds(link, x, at));
  }

  private boolean linkHolds(Relation link, Symbol x, Rational at) {
    Expr left = Substitution.replace(link.left(), x, Num.of(at));
    Expr right = Substitution.replace(link.right(), x, Num.of(at));
    OptionalInt compared = Evaluator.compare(left, right, budget);
    if (compared.isEmpty()) {
      return false;
    }
    int order = compared.getAsInt();
    return switch (link.op()) {
      case EQ -> order == 0;
      case NE -> order != 0;
      case LT -> order < 0;
      case LE -> order <= 0;
      case GT -> order > 0;
      case GE -> order >= 0;
    };
  }
}
