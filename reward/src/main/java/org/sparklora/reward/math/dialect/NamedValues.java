package org.sparklora.reward.math.dialect;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.sparklora.reward.math.algebra.Expr;
import org.sparklora.reward.math.algebra.Expr.Apply;
import org.sparklora.reward.math.algebra.Expr.FiniteSet;
import org.sparklora.reward.math.algebra.Expr.Relation;
import org.sparklora.reward.math.algebra.Expr.Symbol;
import org.sparklora.reward.math.algebra.Expr.Tuple;
import org.sparklora.reward.math.algebra.Relations;

/** Values with names, such as {@code x=3, y=5}. */
final class NamedValues {
  private static final Pattern INDEXED = Pattern.compile("(.+?)_\\{?([0-9]{1,9})\\}?");

  /** The names of a point at the start or after a separator. */
  private static final Pattern NAMES =
      Pattern.compile(
          "(?<=^|[,;])(?:\\\\[, ]|[\\s~])*+\\(([a-zA-Z](?:_\\{?[0-9]\\}?)?(?:\\s?,\\s?[a-zA-Z](?:_\\{?[0-9]\\}?)?){1,3})\\)\\s*+="
              + "(?=\\s*+(?:\\(|\\\\pm|±))");

  private NamedValues() {}

  /** The text {@code (x,y)=(1,2),(2,1)} for one that repeats the names, perhaps with indices. */
  static String namedOnce(String latex) {
    List<MatchResult> found = NAMES.matcher(latex).results().toList();
    List<String> names = found.stream().map(m -> withoutIndex(m.group(1))).distinct().toList();
    return found.size() > 1 && names.size() == 1 && found.get(0).start() == 0
        ? "(" + names.get(0) + ")=" + NAMES.matcher(latex).replaceAll("")
        : latex;
  }

  private static String withoutIndex(String names) {
    List<String> written = List.of(names.split("\\s?,\\s?"));
    boolean one = written.stream().map(name -> name.substring(1)).distinct().count() == 1;
    return one ? names.replaceAll("_\\{?[0-9]\\}?", "") : names;
  }

  /** The names of a point or of its coordinates, none for (1, 2), and the coordinates. */
  private record Point(List<String> names, List<Expr> values) {
    boolean same(Point other, MathEquivalence equivalence) {
      int size = values.size();
      boolean byName = names.size() == size && other.names.size() == size;
      boolean renamed =
          names.size() == 1
              && other.names.size() == 1
              && !names.get(0).equalsIgnoreCase(other.names.get(0));
      if (renamed || other.values.size() != size || byName && !names.containsAll(other.names)) {
        return false;
      }
      List<Expr> given =
          byName
              ? names.stream().map(name -> other.values.get(other.names.indexOf(name))).toList()
              : other.values;
      return equivalence.sameInOrder(values, given);
    }
  }

  /**
   * Whether both are the same points, some of them with names: {@code x=y=1} is {@code (1,1)}, and
   * {@code x_1=1, y_1=2} is {@code (x,y)=(1,2)}. The numbering of two roots x_1 and x_2, and of
   * eigenvalues, is free.
   */
  static boolean same(Expr gold, Expr answer, MathEquivalence equivalence) {
    if (areRoots(gold) && areRoots(answer) && names(gold).equals(names(answer))) {
      List<Expr> roots = values(gold);
      return !equivalence.repeats(roots)
          && equivalence.same(new FiniteSet(roots), new FiniteSet(values(answer)));
    }
    Expr parts = byParts(gold);
    Expr others = byParts(answer);
    if (parts != gold || others != answer) {
      return equivalence.same(parts, others);
    }
    List<Point> points = points(gold);
    List<Point> left = new ArrayList<>(points(answer));
    boolean named =
        Stream.concat(points.stream(), left.stream()).anyMatch(p -> !p.names().isEmpty());
    // Points without names have the order of A(1,2), B(3,4).
    boolean inOrder = haveNames(points) && left.stream().allMatch(p -> p.names().isEmpty());
    return named
        && points.size() == left.size()
        && points.stream()
            .allMatch(
                point ->
                    left.stream()
                        .limit(inOrder ? 1 : left.size())
                        .filter(other -> point.same(other, equivalence))
                        .findFirst()
                        .filter(other -> left.remove(other))
                        .isPresent());
  }

  private static boolean haveNames(List<Point> points) {
    return points.stream().allMatch(p -> p.names().size() == 1)
        && points.stream().map(Point::names).distinct().count() == points.size();
  }

  /** The equations of {@code (\mu,\sigma^2)=(3,4)}, whose names are not all letters. */
  private static Expr byParts(Expr expr) {
    return expr instanceof Relation equation
            && equation.left() instanceof Tuple names
            && SoundReadings.isPoint(equation.right())
            && names.elements().size() == equation.right().children().size()
            && !isPointOfNames(expr)
        ? new FiniteSet(equations(names, equation.right().children()))
        : expr;
  }

  /** Whether this is {@code (x,y)=}, of a point or of a list of points. */
  static boolean isPointOfNames(Expr expr) {
    return expr instanceof Relation equation
        && equation.op() == Relation.Op.EQ
        && equation.left() instanceof Tuple names
        && names.elements().stream().allMatch(Symbol.class::isInstance);
  }

  private static boolean areRoots(Expr expr) {
    List<String> families =
        areNamed(expr)
            ? expr.children().stream().map(NamedValues::family).distinct().toList()
            : List.of();
    return families.size() == 1
        && (families.get(0).equals("lambda")
            || families.get(0).equals("x") && expr.children().size() == 2);
  }

  private static Set<Symbol> names(Expr equations) {
    return equations.children().stream().map(NamedValues::name).collect(Collectors.toSet());
  }

  private static List<Expr> values(Expr equations) {
    return equations.children().stream().map(e -> ((Relation) e).right()).toList();
  }

  /** The points of a list, or the one of an equation or a list of equations; else none. */
  private static List<Point> points(Expr expr) {
    if (expr instanceof FiniteSet set && !set.repeating()) {
      List<List<Point>> parts = set.elements().stream().map(NamedValues::ofPart).toList();
      if (parts.stream().noneMatch(List::isEmpty)) {
        return parts.stream().flatMap(List::stream).toList();
      }
    }
    return ofPart(expr);
  }

  private static List<Point> ofPart(Expr part) {
    if (SoundReadings.isPoint(part) && part.children().stream().noneMatch(Relations::isRelation)) {
      return List.of(new Point(List.of(), part.children()));
    }
    if (part instanceof Apply named && SoundReadings.isPoint(SoundReadings.point(named))) {
      return List.of(new Point(List.of(named.name()), named.args()));
    }
    if (part instanceof Relation equation && equation.op() == Relation.Op.EQ) {
      Expr right = equation.right();
      if (equation.left() instanceof Symbol name && SoundReadings.isPoint(right)) {
        return List.of(new Point(List.of(name.name()), right.children()));
      }
      if (isPointOfNames(equation)) {
        Tuple names = (Tuple) equation.left();
        List<Expr> points = right instanceof FiniteSet ? right.children() : List.of(right);
        int size = names.elements().size();
        return points.stream()
                .allMatch(p -> SoundReadings.isPoint(p) && p.children().size() == size)
            ? points.stream().map(p -> of(names, p.children())).toList()
            : List.of();
      }
    }
    return ofEquations(part);
  }

  /** The points of x = 1, y = 2, x = 3, y = 4: the first name that occurs again begins the next. */
  private static List<Point> ofEquations(Expr part) {
    List<Point> points = new ArrayList<>();
    List<Expr> next = new ArrayList<>();
    boolean lost = part instanceof FiniteSet set && set.repeating();
    for (Expr equation : equations(part)) {
      boolean again = next.stream().anyMatch(e -> name(e).equals(name(equation)));
      if (again) {
        points.add(ofCoordinates(next));
        next.clear();
      }
      next.add(equation);
    }
    points.add(ofCoordinates(next));
    List<String> names = points.get(0).names();
    return lost || names.size() < 2 || points.stream().anyMatch(p -> !p.names().equals(names))
        ? List.of()
        : points;
  }

  /** The point (y, x) = (2, 1), whose coordinates the names order. */
  private static Point of(Tuple names, List<Expr> values) {
    return ofCoordinates(equations(names, values));
  }

  private static List<Expr> equations(Tuple names, List<Expr> values) {
    List<Expr> equations = new ArrayList<>();
    for (int i = 0; i < values.size(); i++) {
      equations.add(new Relation(Relation.Op.EQ, names.elements().get(i), values.get(i)));
    }
    return equations;
  }

  private static Point ofCoordinates(List<Expr> equations) {
    List<Expr> sorted = ordered(new FiniteSet(equations)).children();
    Tuple names = new Tuple(sorted.stream().map(e -> ((Relation) e).left()).toList());
    return new Point(letters(names), sorted.stream().map(e -> ((Relation) e).right()).toList());
  }

  /** The equations for names in a list, also those of x = y = 1; none if it has another part. */
  private static List<Expr> equations(Expr part) {
    if (part instanceof FiniteSet || part instanceof Tuple) {
      List<List<Expr>> parts = part.children().stream().map(NamedValues::equations).toList();
      return parts.stream().anyMatch(List::isEmpty)
          ? List.of()
          : parts.stream().flatMap(List::stream).toList();
    }
    if (!Relations.isEquation(part)) {
      return List.of();
    }
    Expr value = Relations.last(part).right();
    List<Relation> links = Relations.links(part);
    return links.stream().allMatch(e -> e.left() instanceof Symbol s && !value.dependsOn(s))
        ? links.stream().<Expr>map(e -> new Relation(Relation.Op.EQ, e.left(), value)).toList()
        : List.of();
  }

  /** The names x and y of x_1 and y_1, but x_1 and x_2 as they are. */
  private static List<String> letters(Tuple names) {
    List<String> written =
        names.elements().stream().map(e -> e instanceof Symbol s ? s.name() : "").toList();
    List<Matcher> indexed = written.stream().map(INDEXED::matcher).toList();
    boolean one =
        indexed.stream().allMatch(Matcher::matches)
            && indexed.stream().map(m -> m.group(2)).distinct().count() == 1;
    return one ? indexed.stream().map(m -> m.group(1)).toList() : written;
  }

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

  /** Whether several values have names of their own; roots x_1 and x_2 share one. */
  static boolean haveOwnNames(Expr expr) {
    return areNamed(expr)
        && expr.children().size() > 1
        && names(expr).stream().map(n -> n.name().replaceFirst("_.*", "")).distinct().count()
            == expr.children().size();
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
