package org.sparklora.reward.math.algebra;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.sparklora.reward.math.number.Rational;

/**
 * A parsed answer: numbers, terms, relations and sets as they were written. Construction simplifies
 * nothing, since the rules of comparison depend on the written form.
 *
 * <p>Immutable and thread-safe. Equality compares the written form, except that a {@link FiniteSet}
 * ignores order.
 */
public sealed interface Expr {

  /** Whether the node is a set or an ordered tuple, and not a value. */
  default boolean isCollection() {
    return this instanceof FiniteSet
        || this instanceof Tuple
        || this instanceof Interval
        || this instanceof SetOperation
        || this instanceof NamedSet;
  }

  /** The nodes directly below; by default none. */
  default List<Expr> children() {
    return List.of();
  }

  /** Whether this node or one below it meets a condition. */
  default boolean contains(Predicate<Expr> condition) {
    return condition.test(this) || children().stream().anyMatch(c -> c.contains(condition));
  }

  /** The first node that meets a condition, and has none below it that does. */
  default Optional<Expr> innermost(Predicate<Expr> condition) {
    return children().stream()
        .flatMap(child -> child.innermost(condition).stream())
        .findFirst()
        .or(() -> Optional.of(this).filter(condition));
  }

  /** Whether the value depends on a variable. */
  default boolean dependsOn(Symbol variable) {
    return freeSymbols(this).contains(variable);
  }

  /** Whether a number in it is written with a point. */
  default boolean hasDecimal() {
    return contains(node -> node instanceof Num num && num.decimal());
  }

  /**
   * An exact number. {@code decimal}: written with a point, so that comparison treats it as
   * rounded; {@code digits}: its significant digits, if decimal.
   */
  record Num(Rational value, boolean decimal, int digits) implements Expr {
    public static Num of(Rational value) {
      return new Num(value, false, 0);
    }

    public static Num of(long value) {
      return of(Rational.of(value));
    }

    public boolean isInteger() {
      return !decimal && value.isInteger();
    }

    public Num negate() {
      return new Num(value.negate(), decimal, digits);
    }
  }

  /** Plus or minus infinity. */
  record Infinite(int sign) implements Expr {}

  /** The result of division by zero: 1/0 is {@code zoo} (complex infinity), 0/0 is {@code nan}. */
  enum Undefined implements Expr {
    ZOO,
    NAN
  }

  /** The named constants. */
  enum Constant implements Expr {
    PI,
    E,
    I,
    EULER_GAMMA
  }

  /** A variable. {@code real} is part of its identity: i(real) is not i(not real). */
  record Symbol(String name, boolean real) implements Expr {}

  /** A sum in written order. */
  record Add(List<Expr> terms) implements Expr {
    @Override
    public List<Expr> children() {
      return terms;
    }
  }

  /** A product in written order. */
  record Mul(List<Expr> factors) implements Expr {
    @Override
    public List<Expr> children() {
      return factors;
    }
  }

  /** A power. */
  record Pow(Expr base, Expr exponent) implements Expr {
    @Override
    public List<Expr> children() {
      return List.of(base, exponent);
    }
  }

  /** A value written with a percent sign: {@code arg / 100}. */
  record Percent(Expr arg) implements Expr {
    @Override
    public List<Expr> children() {
      return List.of(arg);
    }
  }

  /** A known function: sin, log (value, base), abs, factorial, floor, max, … */
  record Call(String name, List<Expr> args) implements Expr {
    public static Call of(String name, Expr... args) {
      return new Call(name, List.of(args));
    }

    @Override
    public List<Expr> children() {
      return args;
    }
  }

  /** An unknown function's value: f(x). */
  record Apply(String name, List<Expr> args) implements Expr {
    @Override
    public List<Expr> children() {
      return args;
    }
  }

  /** A sum, product or integral over a variable; {@code bounds} are lower and upper, or none. */
  record Iterated(Kind kind, Expr body, Symbol variable, List<Expr> bounds) implements Expr {
    /** Which operator. */
    public enum Kind {
      SUM,
      PRODUCT,
      INTEGRAL
    }

    @Override
    public List<Expr> children() {
      List<Expr> all = new ArrayList<>(bounds);
      all.add(body);
      all.add(variable);
      return all;
    }
  }

  /** A one-sided limit. */
  record Limit(Expr body, Symbol variable, Expr point, boolean fromAbove) implements Expr {
    @Override
    public List<Expr> children() {
      return List.of(body, variable, point);
    }
  }

  /** A derivative with respect to one variable. */
  record Derivative(Expr body, Symbol variable) implements Expr {
    @Override
    public List<Expr> children() {
      return List.of(body, variable);
    }
  }

  /** A matrix, row by row; all rows are equally long. */
  record Matrix(List<List<Expr>> rows) implements Expr {
    @Override
    public List<Expr> children() {
      return rows.stream().flatMap(List::stream).toList();
    }
  }

  /** An equation or inequality. */
  record Relation(Op op, Expr left, Expr right) implements Expr {
    /** The relation signs. */
    public enum Op {
      EQ,
      NE,
      LT,
      LE,
      GT,
      GE;

      /** The sign after both sides have been swapped. */
      public Op inverse() {
        return switch (this) {
          case LT -> GT;
          case GT -> LT;
          case LE -> GE;
          case GE -> LE;
          default -> this;
        };
      }
    }

    /** The same statement with its sides swapped. */
    public Relation reversed() {
      return new Relation(op.inverse(), right, left);
    }

    @Override
    public List<Expr> children() {
      return List.of(left, right);
    }
  }

  /** A chain such as {@code 1 < x < 2}: all links hold. */
  record Chain(List<Relation> links) implements Expr {
    @Override
    public List<Expr> children() {
      return List.copyOf(links);
    }
  }

  /** A set by its elements in written order, each once; {@code repeating} if one was repeated. */
  record FiniteSet(List<Expr> elements, boolean repeating) implements Expr {
    public FiniteSet(List<? extends Expr> written) {
      this(
          List.copyOf(new LinkedHashSet<>(written)),
          new HashSet<>(written).size() < written.size());
    }

    @Override
    public List<Expr> children() {
      return elements;
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof FiniteSet that
          && elements.size() == that.elements.size()
          && new HashSet<>(elements).equals(new HashSet<>(that.elements));
    }

    /** One walk over the elements; a HashSet would double the work at each level of nesting. */
    @Override
    public int hashCode() {
      return elements.stream().mapToInt(Expr::hashCode).sum();
    }
  }

  /** An ordered tuple. */
  record Tuple(List<Expr> elements) implements Expr {
    @Override
    public List<Expr> children() {
      return elements;
    }
  }

  /** A real interval. */
  record Interval(Expr start, Expr end, boolean leftOpen, boolean rightOpen) implements Expr {
    public boolean isOpen() {
      return leftOpen && rightOpen;
    }

    @Override
    public List<Expr> children() {
      return List.of(start, end);
    }
  }

  /** Union, intersection or difference of two sets. */
  record SetOperation(Op op, Expr left, Expr right) implements Expr {
    /** Which operation. */
    public enum Op {
      UNION,
      INTERSECTION,
      MINUS
    }

    @Override
    public List<Expr> children() {
      return List.of(left, right);
    }
  }

  /** The sets that have a name. */
  enum NamedSet implements Expr {
    EMPTY,
    NATURALS,
    INTEGERS,
    RATIONALS,
    REALS,
    COMPLEXES
  }

  /** A negated statement, such as {@code x ∉ S}. */
  record Not(Expr statement) implements Expr {
    @Override
    public List<Expr> children() {
      return List.of(statement);
    }
  }

  /** The variables that a value depends on, without those bound by an operator. */
  static Set<Symbol> freeSymbols(Expr expr) {
    Set<Symbol> found = new LinkedHashSet<>();
    collect(expr, found);
    return found;
  }

  private static void collect(Expr expr, Set<Symbol> found) {
    if (expr instanceof Symbol symbol) {
      found.add(symbol);
    } else if (expr instanceof Iterated iterated) {
      Set<Symbol> inner = freeSymbols(iterated.body());
      if (!iterated.bounds().isEmpty()) {
        inner.remove(iterated.variable());
      }
      found.addAll(inner);
      iterated.bounds().forEach(bound -> collect(bound, found));
    } else if (expr instanceof Limit limit) {
      Set<Symbol> inner = freeSymbols(limit.body());
      inner.remove(limit.variable());
      found.addAll(inner);
      collect(limit.point(), found);
    } else {
      expr.children().forEach(child -> collect(child, found));
    }
  }

  /** The number of nodes, counted no further than {@code limit}. */
  static int size(Expr expr, int limit) {
    int size = 1;
    for (Expr child : expr.children()) {
      if (size >= limit) {
        return size;
      }
      size += size(child, limit - size);
    }
    return size;
  }

  static Expr negate(Expr expr) {
    if (expr instanceof Num num) {
      return num.negate();
    }
    if (expr instanceof Infinite infinite) {
      return new Infinite(-infinite.sign());
    }
    return times(Num.of(-1), expr);
  }

  /** A product; factors that are products are flattened, as in juxtaposition. */
  static Expr times(Expr left, Expr right) {
    List<Expr> factors = new ArrayList<>();
    for (Expr side : List.of(left, right)) {
      factors.addAll(side instanceof Mul mul ? mul.factors() : List.of(side));
    }
    return new Mul(List.copyOf(factors));
  }

  static Expr minus(Expr left, Expr right) {
    return new Add(List.of(left, negate(right)));
  }

  /** A quotient; two whole numbers become one exact fraction. */
  static Expr divide(Expr left, Expr right) {
    if (left instanceof Num a && a.isInteger() && right instanceof Num b && b.isInteger()) {
      if (b.value().signum() == 0) {
        return a.value().signum() == 0 ? Undefined.NAN : Undefined.ZOO;
      }
      return Num.of(a.value().dividedBy(b.value()));
    }
    return new Mul(List.of(left, new Pow(right, Num.of(-1))));
  }
}
