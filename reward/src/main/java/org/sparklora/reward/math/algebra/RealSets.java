package org.sparklora.reward.math.algebra;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.sparklora.reward.math.algebra.Expr.FiniteSet;
import org.sparklora.reward.math.algebra.Expr.Interval;
import org.sparklora.reward.math.algebra.Expr.NamedSet;
import org.sparklora.reward.math.algebra.Expr.Relation;
import org.sparklora.reward.math.algebra.Expr.SetOperation;
import org.sparklora.reward.math.algebra.Expr.Symbol;
import org.sparklora.reward.math.number.AlgebraLimit;
import org.sparklora.reward.math.number.PreciseMath;
import org.sparklora.reward.math.number.Value;

/**
 * Sets of real numbers that consist of points and intervals. Two sets are equal when they agree at
 * every end of either and between all neighbouring ends.
 */
public final class RealSets {
  /** Enough variants for a term with five absolute values. */
  private static final int MOST_VARIANTS = 64;

  private RealSets() {}

  /** Whether two sets have the same members; empty unless both are points and intervals. */
  public static Optional<Boolean> equal(Expr a, Expr b, AlgebraLimit budget) {
    return Value.optional(
        () -> {
          List<Expr> written = new ArrayList<>();
          collectEnds(a, written);
          collectEnds(b, written);
          Line line = Line.of(written, budget);
          return line.members(a, budget).equals(line.members(b, budget));
        });
  }

  private static void collectEnds(Expr set, List<Expr> ends) {
    if (set instanceof Interval interval) {
      ends.add(interval.start());
      ends.add(interval.end());
    } else if (set instanceof FiniteSet finite) {
      ends.addAll(finite.elements());
    } else if (set instanceof SetOperation operation) {
      collectEnds(operation.left(), ends);
      collectEnds(operation.right(), ends);
    } else if (set != NamedSet.REALS && set != NamedSet.EMPTY) {
      throw new Value.None("no set of points and intervals");
    }
  }

  /**
   * Positions of ends on the line: the n different finite ends at 1, 3, …, 2n − 1, so that there is
   * a position between any two and beyond either side; minus infinity at −1 and infinity at 2n + 1.
   * All ends are computed to the same digits, since they are compared.
   */
  private record Line(Map<Expr, Integer> places, int last) {

    static Line of(List<Expr> written, AlgebraLimit budget) {
      List<Value> values = new Evaluator(Map.of(), budget).values(written);
      List<Integer> finite = new ArrayList<>();
      for (int i = 0; i < written.size(); i++) {
        if (!Value.isReal(values.get(i))) {
          throw new Value.None("an end that is not real");
        }
        if (!(values.get(i) instanceof Value.Unbounded)) {
          finite.add(i);
        }
      }
      finite.sort((i, j) -> compare(values.get(i), values.get(j), budget));
      Map<Expr, Integer> places = new HashMap<>();
      int place = -1;
      for (int k = 0; k < finite.size(); k++) {
        Value value = values.get(finite.get(k));
        boolean further = k == 0 || compare(values.get(finite.get(k - 1)), value, budget) != 0;
        place += further ? 2 : 0;
        places.put(written.get(finite.get(k)), place);
      }
      int last = place + 1;
      for (int i = 0; i < written.size(); i++) {
        if (values.get(i) instanceof Value.Unbounded infinite) {
          places.put(written.get(i), infinite.sign() < 0 ? -1 : last + 1);
        }
      }
      return new Line(places, last);
    }

    /** The positions from 0 to {@code last} in a set. */
    BitSet members(Expr set, AlgebraLimit budget) {
      budget.step(1 + set.children().size() + last / 64);
      BitSet members = new BitSet(last + 1);
      if (set instanceof Interval interval) {
        int start = places.get(interval.start()) + (interval.leftOpen() ? 1 : 0);
        int end = places.get(interval.end()) - (interval.rightOpen() ? 1 : 0);
        start = Math.max(0, start);
        members.set(start, Math.max(start, Math.min(end, last) + 1));
      } else if (set instanceof FiniteSet finite) {
        for (Expr element : finite.elements()) {
          int place = places.get(element);
          if (place < 0 || place > last) {
            throw new Value.None("an infinite element");
          }
          members.set(place);
        }
      } else if (set instanceof SetOperation operation) {
        members.or(members(operation.left(), budget));
        BitSet right = members(operation.right(), budget);
        switch (operation.op()) {
          case UNION -> members.or(right);
          case INTERSECTION -> members.and(right);
          case MINUS -> members.andNot(right);
        }
      } else if (set == NamedSet.REALS) {
        members.set(0, last + 1);
      }
      return members;
    }
  }

  private static int compare(Value a, Value b, AlgebraLimit budget) {
    PreciseMath math = Value.digits(a, b);
    budget.step(
        a instanceof Value.Exact x && b instanceof Value.Exact y
            ? 1 + 2 * AlgebraLimit.product((long) x.rational().bits() + y.rational().bits())
            : 4 * math.operation());
    return Evaluator.compare(a, b);
  }

  /** The numbers for which every link of a statement about one variable holds. */
  public static Optional<Expr> solutions(Expr statement, AlgebraLimit budget) {
    if (!(statement instanceof Relation) && !(statement instanceof Expr.Chain)) {
      return Optional.empty();
    }
    Expr plain = Substitution.everywhere(statement, RealSets::withoutFunction);
    List<Symbol> symbols = new ArrayList<>(Expr.freeSymbols(plain));
    if (symbols.size() != 1 || !symbols.get(0).real()) {
      return Optional.empty();
    }
    List<Relation> links = Relations.links(plain);
    return Value.optional(() -> solve(links, symbols.get(0), budget))
        .or(() -> bounded(links, symbols.get(0)));
  }

  /** The solutions of inequalities with irrational bounds, such as {@code 0 < x < π}. */
  private static Optional<Expr> bounded(List<Relation> links, Symbol variable) {
    Interval all = new Interval(new Expr.Infinite(-1), new Expr.Infinite(1), true, true);
    for (Relation link : links) {
      Relation bound = link.left().equals(variable) ? link : link.reversed();
      Expr end = bound.right();
      boolean below = bound.op() == Relation.Op.GT || bound.op() == Relation.Op.GE;
      boolean above = bound.op() == Relation.Op.LT || bound.op() == Relation.Op.LE;
      boolean known = !((below ? all.start() : all.end()) instanceof Expr.Infinite);
      if (known || !(below || above) || !bound.left().equals(variable) || end.dependsOn(variable)) {
        return Optional.empty();
      }
      boolean open = bound.op() == Relation.Op.GT || bound.op() == Relation.Op.LT;
      all =
          below
              ? new Interval(end, all.end(), open, all.rightOpen())
              : new Interval(all.start(), end, all.leftOpen(), open);
    }
    return Optional.of(all);
  }

  private static Expr withoutFunction(Expr expr) {
    return expr instanceof Expr.Apply apply ? new Symbol(ExprPrinter.print(apply), true) : expr;
  }

  /** An end of the solutions, as written and computed. */
  private record End(Expr written, Value value) {}

  private static Expr solve(List<Relation> links, Symbol variable, AlgebraLimit budget) {
    List<End> ends = new ArrayList<>();
    for (Relation link : links) {
      Expr side = Expr.minus(link.left(), link.right());
      for (Expr variant : withoutBars(side)) {
        Polynomial.Fraction fraction = Polynomial.of(variant, variable, budget);
        for (Polynomial p : List.of(fraction.above(), fraction.below())) {
          if (p.degree() > 0) {
            p.squareFree(budget)
                .rootsAsExpressions(budget)
                .orElseThrow(() -> new Value.None("no roots as expressions"))
                .forEach(r -> ends.add(new End(r, Evaluator.constant(r, budget))));
          }
        }
      }
    }
    return assemble(links, variable, RealRoots.sorted(ends, End::value), budget);
  }

  /**
   * The forms that the term has between its branch points: each absolute value as plus or minus its
   * argument; and these arguments.
   */
  private static List<Expr> withoutBars(Expr side) {
    List<Expr> plain = new ArrayList<>();
    List<Expr> open = new ArrayList<>(List.of(side));
    while (!open.isEmpty()) {
      if (plain.size() + open.size() > MOST_VARIANTS) {
        throw new Value.None("too many absolute values");
      }
      Expr next = open.remove(open.size() - 1);
      Optional<Expr> bars =
          next.innermost(node -> node instanceof Expr.Call call && call.name().equals("abs"));
      if (bars.isEmpty()) {
        plain.add(next);
        continue;
      }
      Expr inside = bars.get().children().get(0);
      plain.add(inside);
      for (Expr branch : List.of(inside, Expr.negate(inside))) {
        open.add(Substitution.replace(next, bars.get(), branch));
      }
    }
    return plain;
  }

  /** Walks the line from the left: gap, end, gap, end, …, gap. */
  private static Expr assemble(
      List<Relation> links, Symbol variable, List<End> ends, AlgebraLimit budget) {
    List<Expr> pieces = new ArrayList<>();
    Optional<Expr> start = Optional.empty();
    boolean startOpen = true;
    int places = 2 * ends.size() + 1;
    for (int place = 0; place <= places; place++) {
      boolean inside =
          place < places && allHold(links, variable, probe(place, ends, budget), budget);
      if (inside && start.isEmpty()) {
        start =
            Optional.of(place == 0 ? new Expr.Infinite(-1) : ends.get((place - 1) / 2).written());
        startOpen = place % 2 == 0;
      } else if (!inside && start.isPresent()) {
        boolean endIsPoint = place < places && place % 2 == 0;
        Expr end = place == places ? new Expr.Infinite(1) : ends.get((place - 1) / 2).written();
        boolean single = endIsPoint && !startOpen && start.get().equals(end);
        pieces.add(
            single
                ? new FiniteSet(List.of(end))
                : new Interval(start.get(), end, startOpen, !endIsPoint));
        start = Optional.empty();
      }
    }
    return pieces.stream().allMatch(FiniteSet.class::isInstance) && !pieces.isEmpty()
        ? new FiniteSet(pieces.stream().flatMap(piece -> piece.children().stream()).toList())
        : pieces.stream()
            .reduce((a, b) -> new SetOperation(SetOperation.Op.UNION, a, b))
            .orElse(NamedSet.EMPTY);
  }

  /** An end at an odd place, else a number between two ends or beyond the outermost. */
  private static Value probe(int place, List<End> ends, AlgebraLimit budget) {
    int next = place / 2;
    if (ends.isEmpty()) {
      return Value.ZERO;
    } else if (place % 2 == 1) {
      return ends.get(next).value();
    } else if (next == 0) {
      return Value.add(ends.get(0).value(), Value.of(-1), budget);
    } else if (next == ends.size()) {
      return Value.add(ends.get(next - 1).value(), Value.ONE, budget);
    }
    return Value.middle(ends.get(next - 1).value(), ends.get(next).value(), budget);
  }

  private static boolean allHold(
      List<Relation> links, Symbol variable, Value x, AlgebraLimit budget) {
    Evaluator evaluator = new Evaluator(Map.of(variable, x), budget);
    return Value.optional(
            () ->
                links.stream()
                    .allMatch(
                        link -> {
                          Value left = evaluator.value(link.left());
                          return holds(
                              link.op(), Evaluator.compare(left, evaluator.value(link.right())));
                        }))
        .orElse(false);
  }

  private static boolean holds(Relation.Op op, int sign) {
    return switch (op) {
      case EQ -> sign == 0;
      case NE -> sign != 0;
      case LT -> sign < 0;
      case LE -> sign <= 0;
      case GT -> sign > 0;
      case GE -> sign >= 0;
    };
  }
}
