package org.sparklora.reward.math.dialect;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.sparklora.reward.math.algebra.Evaluator;
import org.sparklora.reward.math.algebra.Expr;
import org.sparklora.reward.math.algebra.Expr.Apply;
import org.sparklora.reward.math.algebra.Expr.Chain;
import org.sparklora.reward.math.algebra.Expr.Constant;
import org.sparklora.reward.math.algebra.Expr.FiniteSet;
import org.sparklora.reward.math.algebra.Expr.Interval;
import org.sparklora.reward.math.algebra.Expr.Matrix;
import org.sparklora.reward.math.algebra.Expr.Mul;
import org.sparklora.reward.math.algebra.Expr.NamedSet;
import org.sparklora.reward.math.algebra.Expr.Relation;
import org.sparklora.reward.math.algebra.Expr.SetOperation;
import org.sparklora.reward.math.algebra.Expr.Symbol;
import org.sparklora.reward.math.algebra.Expr.Tuple;
import org.sparklora.reward.math.algebra.ExprPrinter;
import org.sparklora.reward.math.algebra.ParseFailure;
import org.sparklora.reward.math.algebra.RealSets;
import org.sparklora.reward.math.algebra.Relations;
import org.sparklora.reward.math.algebra.Substitution;
import org.sparklora.reward.math.dialect.SoundText.Cleaned;
import org.sparklora.reward.math.extract.ExtractionTarget;
import org.sparklora.reward.math.extract.LatexNormalizer;
import org.sparklora.reward.math.latex.LatexParser;
import org.sparklora.reward.math.number.AlgebraLimit;
import org.sparklora.reward.math.number.Closeness;
import org.sparklora.reward.math.number.Value;

/** The meanings of an answer for a person, as expressions. Serves one verdict on one thread. */
record SoundReadings(AlgebraLimit budget) {
  /** Dots leave terms unstated; {@code (a)_{n}} is a rising factorial to some. */
  private static final Pattern UNSAID = Pattern.compile("\\\\ldots|\\)_\\{");

  /** An equation with one sign, whose left side begins with a name. */
  private static final Pattern NAMED =
      Pattern.compile(
          "(?=[a-zA-Z|\\\\])((?:[^=<>,;(){}]|\\([^()]*\\)|\\{[^{}=]*\\})++)=([^=<>,;]+)");

  /** The set {3, {3}} has two elements. */
  private static final Pattern SET_IN_SET =
      Pattern.compile("\\\\\\{[^\\\\]*+(?:\\\\[^{}][^\\\\]*+)*+\\\\\\{");

  /** Largest relative difference of two sides of ≈, such as 22/7 and 3.14. */
  private static final BigDecimal ROUNDING = new BigDecimal("0.02");

  private static final BigDecimal TINY = new BigDecimal("1e-30");

  /** All readings that can be parsed. */
  List<Expr> of(Cleaned cleaned) {
    List<Expr> readings = new ArrayList<>();
    if (UNSAID.matcher(cleaned.latex()).find()) {
      return readings;
    }
    for (String text : SoundText.readings(cleaned.latex())) {
      String normal =
          LatexNormalizer.normalize(
              text,
              new ExtractionTarget.Normalization(
                  true, false, false, false, ExtractionTarget.Boxed.NONE),
              budget);
      parsed(normal)
          .or(() -> named(normal))
          .ifPresent(expr -> readings.add(meaning(expr, cleaned)));
    }
    // Both sides of ≈ must be nearly equal: "5 ≈ 6" and "∞ ≈ 6" give the first.
    int sides = cleaned.latex().split("\\\\approx").length;
    return sides > 1
            && readings.size() > 1
            && !areNear(readings.get(0), readings.get(readings.size() - 1), sides == 2)
        ? readings.subList(0, 1)
        : readings;
  }

  /** Empty for a text that is not mathematics, and is compared as words. */
  private Optional<Expr> parsed(String text) {
    try {
      return Optional.of(LatexParser.parseStrictly(text, budget));
    } catch (ParseFailure failure) {
      return Optional.empty();
    }
  }

  /** {@code P(X>2)=\frac14} gives a value, though its left side cannot be read. */
  private Optional<Expr> named(String text) {
    Matcher equation = NAMED.matcher(text);
    if (!equation.matches()) {
      return Optional.empty();
    }
    Symbol name = new Symbol(equation.group(1).replace(" ", ""), true);
    return parsed(equation.group(2)).map(value -> new Relation(Relation.Op.EQ, name, value));
  }

  /** Whether the last side of ≈ can be the first one rounded, or in a pair the value of a term. */
  private boolean areNear(Expr first, Expr last, boolean pair) {
    Expr exact = Relations.isEquation(first) ? Relations.last(first).right() : first;
    if (pair && isNamed(exact) && !exact.isCollection() && !Relations.isRelation(exact)) {
      return true;
    }
    return Value.optional(
            () -> {
              Evaluator.Pair values = new Evaluator(Map.of(), budget).values(exact, last);
              BigDecimal size =
                  Value.complex(values.first()).abs().max(Value.complex(values.second()).abs());
              // 99 is another answer than 100.
              boolean whole = isWhole(values.first()) && isWhole(values.second());
              BigDecimal bound = whole ? TINY : size.multiply(ROUNDING).max(TINY);
              return Closeness.within(values.first(), values.second(), bound);
            })
        .orElse(false);
  }

  private static boolean isWhole(Value value) {
    return value instanceof Value.Exact exact && exact.rational().isInteger();
  }

  private static boolean isNamed(Expr expr) {
    return expr.contains(node -> node instanceof Symbol || node instanceof Apply);
  }

  /**
   * Interprets i as the imaginary unit; joins inequalities into one statement and intervals into a
   * union, and takes a chain of equations as an equation for its name.
   */
  private Expr meaning(Expr expr, Cleaned cleaned) {
    Expr written = withImaginaryUnit(expr);
    Expr result = SET_IN_SET.matcher(cleaned.latex()).find() ? written : flattened(written);
    if (result instanceof FiniteSet set
        && set.elements().size() > 1
        && set.elements().stream().anyMatch(SoundReadings::isInequality)
        && set.elements().stream().allMatch(e -> isInequality(e) || isValue(e))) {
      return combined(set.elements(), cleaned.conjunction()).orElse(result);
    }
    if (result instanceof FiniteSet set
        && !set.elements().isEmpty()
        && set.elements().stream()
            .allMatch(e -> e instanceof Interval i && (infinite(i) || !i.isOpen()))) {
      return joined(SetOperation.Op.UNION, set.elements());
    }
    // y = ±x is two equations.
    if (Relations.isAssignment(result)
        && result instanceof Relation r
        && r.right() instanceof FiniteSet values
        && isNamed(values)) {
      return new FiniteSet(
          values.elements().stream()
              .<Expr>map(value -> new Relation(r.op(), r.left(), value))
              .toList());
    }
    // 5+6=11=x says x = 11.
    return Relations.isEquation(result)
            && sidesOfLine(result).isEmpty()
            && !Relations.isNamesOnly(Relations.first(result).left())
            && Relations.isNamesOnly(Relations.last(result).right())
        ? Relations.last(result).reversed()
        : result;
  }

  private static boolean isValue(Expr expr) {
    return Relations.isAssignment(expr)
        && expr instanceof Relation relation
        && !relation.right().isCollection();
  }

  /** {{1, 2}, 3} has three values. */
  private static Expr flattened(Expr expr) {
    if (!(expr instanceof FiniteSet set)
        || set.elements().stream().noneMatch(FiniteSet.class::isInstance)
        || set.elements().stream().allMatch(FiniteSet.class::isInstance)) {
      return expr;
    }
    return new FiniteSet(
        set.elements().stream()
            .flatMap(e -> e instanceof FiniteSet inner ? inner.elements().stream() : Stream.of(e))
            .toList());
  }

  private static boolean infinite(Interval interval) {
    return interval.start() instanceof Expr.Infinite || interval.end() instanceof Expr.Infinite;
  }

  private static Expr withImaginaryUnit(Expr expr) {
    boolean bound =
        expr.contains(
            node ->
                node instanceof Expr.Iterated iterated && iterated.variable().name().equals("i"));
    return bound
        ? expr
        : Substitution.everywhere(
            expr,
            node -> node instanceof Symbol symbol && symbol.name().equals("i") ? Constant.I : node);
  }

  /** Whether two variables differ in case only, such as R and r. */
  static boolean mixesCases(Expr expr) {
    Set<Symbol> names = Expr.freeSymbols(expr);
    return names.stream().map(SoundReadings::inLowerCase).distinct().count() < names.size();
  }

  static Expr inLowerCase(Expr expr) {
    return Substitution.everywhere(
        expr,
        node ->
            node instanceof Symbol symbol
                ? new Symbol(symbol.name().toLowerCase(Locale.ROOT), symbol.real())
                : node);
  }

  /** Whether the expression is ordered, so that no set in braces equals it. */
  static boolean isPoint(Expr expr) {
    return expr instanceof Tuple || expr instanceof Interval interval && interval.isOpen();
  }

  /** Whether it says x ∈ (1, 2), parsed like a point x = (1, 2), while the other has equations. */
  static boolean isRange(Cleaned cleaned, Expr expr, Expr other) {
    return expr instanceof Relation relation
        && relation.left() instanceof Symbol
        && isPoint(relation.right())
        && Conjunction.isMembership(cleaned.latex())
        && other instanceof FiniteSet
        && other.children().stream().allMatch(Relations::isEquation);
  }

  /** The values of {@code x=1, x=2} or {@code (x,y)=(1,2), (x,y)=(3,4)}, which have one name. */
  static Expr values(Expr expr) {
    return expr instanceof FiniteSet
            && expr.children().stream()
                .allMatch(e -> e instanceof Relation r && r.op() == Relation.Op.EQ)
            && expr.children().stream().map(e -> ((Relation) e).left()).distinct().count() == 1
        ? new FiniteSet(expr.children().stream().map(e -> ((Relation) e).right()).toList())
        : expr;
  }

  /** The entries of a column, or of a named point A(1,2), as a point; another expression itself. */
  static Expr point(Expr expr) {
    if (expr instanceof Apply named && named.args().size() > 1 && named.name().matches("[A-Z].*")) {
      return new Tuple(named.args());
    }
    return expr instanceof Matrix matrix && matrix.rows().stream().allMatch(row -> row.size() == 1)
        ? new Tuple(matrix.children())
        : expr;
  }

  /** Whether it is a list without equations, such as (1, 2). */
  static boolean isUnnamed(Expr answer) {
    return (answer instanceof FiniteSet || isPoint(answer))
        && answer.children().stream().noneMatch(Relations::isRelation);
  }

  /** The pair of {@code (x,y)=(1,2)} and {@code x=1, y=2}; roots x_1 and x_2 have no order. */
  static Expr withoutNames(Expr gold) {
    if (gold instanceof Relation relation && relation.left() instanceof Tuple) {
      return relation.right();
    }
    if (!(gold instanceof FiniteSet)
        || !gold.children().stream().allMatch(Relations::isAssignment)) {
      return values(gold);
    }
    List<String> names =
        gold.children().stream()
            .map(e -> ExprPrinter.print(Relations.first(e).left()).replaceAll("_.*", ""))
            .toList();
    return names.equals(names.stream().distinct().sorted().toList())
        ? new Tuple(gold.children().stream().map(e -> Relations.last(e).right()).toList())
        : gold;
  }

  /** Whether it is a list of equations such as x − y = 0 and x + y = 2, of two lines. */
  static boolean areUnsolved(Expr expr) {
    return expr instanceof FiniteSet
        && expr.children().stream()
            .allMatch(e -> Relations.isEquation(e) && !Relations.isAssignment(e));
  }

  static boolean isInequality(Expr expr) {
    return expr instanceof Relation relation && relation.op() != Relation.Op.EQ
        || expr instanceof Chain chain && !Relations.isEquation(chain);
  }

  /** Whether an inequality gives no bounds of one name, as 0 < 2x ≤ 1 does and x² > 4 does not. */
  static boolean isUnsolved(Expr expr) {
    if (!isInequality(expr)) {
      return false;
    }
    List<Expr> names =
        Relations.links(expr).stream()
            .flatMap(link -> link.children().stream())
            .filter(SoundReadings::isNamed)
            .map(SoundReadings::withoutFactor)
            .distinct()
            .toList();
    // The bounds of |k| are an answer, while those of |x| may be a question.
    return names.size() != 1
        || !(names.get(0) instanceof Symbol
            || names.get(0) instanceof Apply
            || names.get(0) instanceof Expr.Call call
                && call.name().equals("abs")
                && call.args().get(0) instanceof Symbol name
                && name.name().matches("[a-w&&[^t]]"));
  }

  /** The sides of a line in space such as x = y/2 = z/3, whose names differ; else none. */
  static List<Expr> sidesOfLine(Expr expr) {
    if (!(expr instanceof Chain chain) || !Relations.isEquation(chain)) {
      return List.of();
    }
    List<Expr> sides =
        Stream.concat(
                Stream.of(Relations.first(chain).left()),
                chain.links().stream().map(Relation::right))
            .toList();
    List<Set<Symbol>> names = sides.stream().map(Expr::freeSymbols).distinct().toList();
    boolean differ = names.size() == sides.size() && names.stream().allMatch(s -> s.size() == 1);
    return differ ? sides : List.of();
  }

  private static Expr withoutFactor(Expr term) {
    List<Expr> named = term.children().stream().filter(SoundReadings::isNamed).toList();
    return term instanceof Mul && named.size() == 1 ? withoutFactor(named.get(0)) : term;
  }

  private Optional<Expr> combined(List<Expr> statements, Conjunction conjunction) {
    List<Relation> links =
        statements.stream().flatMap(statement -> Relations.links(statement).stream()).toList();
    if (conjunction == Conjunction.MIXED || isUnsolved(new Chain(links))) {
      return Optional.empty();
    }
    List<Expr> sets = new ArrayList<>();
    for (Expr statement : statements) {
      Optional<Expr> solutions = RealSets.solutions(statement, budget);
      if (solutions.isEmpty()) {
        return Optional.empty();
      }
      sets.add(solutions.get());
    }
    Expr all = joined(SetOperation.Op.INTERSECTION, sets);
    // No number meets both of x < −2, x > 3, which are two cases.
    boolean cases =
        conjunction == Conjunction.OR
            || conjunction == Conjunction.COMMA
                && RealSets.equal(all, NamedSet.EMPTY, budget).orElse(false);
    // A value beside a bound is a further one, as in a > 2 or a = −1.
    boolean values = statements.stream().anyMatch(Relations::isEquation);
    return cases || !values
        ? Optional.of(cases ? joined(SetOperation.Op.UNION, sets) : all)
        : Optional.empty();
  }

  private static Expr joined(SetOperation.Op op, List<Expr> sets) {
    return sets.stream().reduce((a, b) -> new SetOperation(op, a, b)).orElseThrow();
  }
}
