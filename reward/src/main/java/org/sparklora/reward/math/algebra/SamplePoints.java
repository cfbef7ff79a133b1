package org.sparklora.reward.math.algebra;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.sparklora.reward.math.algebra.Expr.Num;
import org.sparklora.reward.math.algebra.Expr.Symbol;
import org.sparklora.reward.math.number.AlgebraLimit;
import org.sparklora.reward.math.number.Complex;
import org.sparklora.reward.math.number.Rational;
import org.sparklora.reward.math.number.Value;

/**
 * Points where terms are evaluated to test whether they are the same function. A few points suffice
 * for analytic functions: different ones agree at none of these. Terms with branches need points in
 * every branch and on its ends, found along lines parallel to the axes.
 */
final class SamplePoints {
  /** Numerators of coordinates: distinct primes keep terms from agreeing by chance. */
  private static final int[] ABOVE = {17, 29, 41, 53, 67, 79, 97, 109, 127, 139, 151, 163};

  private static final int[] BELOW = {23, 13, 37, 31, 19, 43, 59, 47, 61, 71, 73, 83};

  /** For sums up to a variable and the like: enough whole points for polynomials of low degree. */
  private static final int[] WHOLE = {2, 3, 4, 5, 7, 9, 12};

  private static final List<Integer> FURTHER_WHOLE = List.of(1, 6, 10, 17, 29);
  private static final int MOST_WHOLE_BITS = 9;
  private static final int FEW = 5;

  /** Numerators of further points, where no polynomial with small coefficients is zero. */
  private static final long[] LONG_ABOVE = {1_618_033_988_749_894_848L, 20_090_401_220_750_107L};

  private static final long LONG_BELOW = 999_999_999_999_999_989L;

  private static final String SIZES =
      "0.000001 0.001 0.11 0.29 0.71 1.07 1.63 1.9 2.3 2.7 3.3 4.1 4.7 5.3 7.7 11.3 17.9 37.9 71.9 101.3"
          + " 313.1 1009.7 10007.3 1000003.3";

  /** Positions of many magnitudes on a line, for branch points that cannot be solved for. */
  static final List<Value> LINE =
      Arrays.stream(SIZES.split(" "))
          .map(BigDecimal::new)
          .flatMap(x -> Stream.of(x.negate(), x))
          .sorted()
          .<Value>map(x -> new Value.Exact(Rational.of(x)))
          .toList();

  /** Lines through points of mixed signs. */
  private static final int LINES = 8;

  /** Lines through numbers that occur in the terms. */
  private static final int NAMED_LINES = 8;

  /** Most lines in total, for any number of variables. */
  private static final int MOST_LINES = 24;

  /** Most lines with branch points found by sign changes, a hundred times as costly. */
  private static final int MOST_UNSOLVED = 8;

  /** Larger numbers in the terms get their own lines; others would add nothing. */
  private static final Rational SMALL = Rational.of(2);

  private static final List<Rational> BETWEEN = List.of(Rational.of(29, 70), Rational.of(47, 71));
  private static final List<Rational> BEYOND =
      List.of(
          Rational.of(3, 1009),
          Rational.of(17, 23),
          Rational.of(1013, 7),
          Rational.of(10_000_019, 6));

  private SamplePoints() {}

  /** The result of {@code work}; empty if it has no value or would cost too much. */
  static <T> Optional<T> attempt(AlgebraLimit budget, Supplier<T> work) {
    try {
      return Value.optional(work);
    } catch (AlgebraLimit.Exceeded exceeded) {
      if (budget.isSpent()) {
        throw exceeded;
      }
      return Optional.empty();
    }
  }

  /** {@code count} points, each with a coordinate for every variable. */
  private static List<Map<Symbol, Value>> points(
      int count, List<Symbol> symbols, BiFunction<Integer, Integer, Value> coordinate) {
    List<Map<Symbol, Value>> points = new ArrayList<>();
    for (int p = 0; p < count; p++) {
      Map<Symbol, Value> point = new HashMap<>();
      for (int s = 0; s < symbols.size(); s++) {
        point.put(symbols.get(s), coordinate.apply(p, s));
      }
      points.add(point);
    }
    return points;
  }

  /** Whole points around numbers in the terms, where summands may change their branch. */
  static List<Map<Symbol, Value>> furtherWhole(List<Expr> terms, List<Symbol> symbols) {
    Set<BigInteger> wholes = new LinkedHashSet<>();
    FURTHER_WHOLE.forEach(whole -> wholes.add(BigInteger.valueOf(whole)));
    for (Rational number : named(terms)) {
      BigInteger whole = number.floor().numerator();
      if (whole.signum() > 0 && whole.bitLength() <= MOST_WHOLE_BITS) {
        wholes.add(whole);
        wholes.add(whole.add(BigInteger.TWO));
      }
    }
    List<BigInteger> sorted = List.copyOf(wholes);
    return points(
        sorted.size(), symbols, (p, s) -> Value.of(sorted.get((p + 2 * s) % sorted.size())));
  }

  /** Whole points, for sums up to a variable and functions of whole numbers. */
  static List<Map<Symbol, Value>> whole(List<Symbol> symbols) {
    return points(
        WHOLE.length, symbols, (p, s) -> Value.of((long) WHOLE[(p + 3 * s) % WHOLE.length]));
  }

  /** Points that distinguish analytic functions. */
  static List<Map<Symbol, Value>> few(List<Symbol> symbols, boolean positive) {
    return points(
        FEW + LONG_ABOVE.length,
        symbols,
        (p, s) ->
            p < FEW
                ? coordinate(p, s, symbols.get(s), positive)
                : new Value.Exact(Rational.of(LONG_ABOVE[p - FEW] / (1 + s), LONG_BELOW)));
  }

  /** Point 0 is all positive, point 1 all negative, the others mix signs. */
  private static Value coordinate(int point, int index, Symbol symbol, boolean positive) {
    int above = ABOVE[(5 * point + index) % ABOVE.length] + 2 * (index / ABOVE.length);
    int below = BELOW[(7 * point + 2 * index + 1) % BELOW.length];
    boolean minus = !positive && (point == 1 || point > 1 && (index + point) % 2 == 0);
    Rational real = Rational.of(minus ? -above : above, below);
    if (symbol.real()) {
      return new Value.Exact(real);
    }
    Rational imaginary = Rational.of(below, 2L * above + point);
    return new Value.Approximate(new Complex(real.toDecimal(), imaginary.toDecimal()));
  }

  /** Points in the branches of two terms, and on the ends of branches. */
  static List<Map<Symbol, Value>> inBranches(
      Expr a, Expr b, List<Symbol> symbols, boolean positive, AlgebraLimit budget) {
    List<Map<Symbol, Value>> points = new ArrayList<>();
    int unsolved = 0;
    for (Line line : lines(List.of(a, b), symbols, positive)) {
      if (unsolved == MOST_UNSOLVED) {
        break;
      }
      BranchPoints.Found ends = BranchPoints.of(line.of(List.of(a, b)), line.moving(), budget);
      List<Value> places = places(ends.points(), symbols.size() == 1, budget);
      if (!ends.solved() && symbols.size() == 1) {
        places.addAll(LINE);
      }
      unsolved += ends.solved() ? 0 : 1;
      places.forEach(place -> points.add(line.at(place)));
    }
    if (positive) {
      points.removeIf(point -> point.values().stream().anyMatch(value -> Value.sign(value) <= 0));
    }
    return points;
  }

  /** Points where one of the terms is zero. */
  static List<Map<Symbol, Value>> zeros(
      List<Expr> terms, List<Symbol> symbols, AlgebraLimit budget) {
    return lines(terms, symbols, false).stream()
        .flatMap(
            line ->
                BranchPoints.zeros(line.of(terms), line.moving(), budget).stream().map(line::at))
        .toList();
  }

  /** A line along which one variable moves; the others stay at {@code base}. */
  private record Line(Symbol moving, Map<Symbol, Value> base) {

    Map<Symbol, Value> at(Value place) {
      Map<Symbol, Value> point = new HashMap<>(base);
      point.put(moving, place);
      return point;
    }

    List<Expr> of(List<Expr> terms) {
      UnaryOperator<Expr> fixed =
          node ->
              node instanceof Symbol symbol
                      && !symbol.equals(moving)
                      && base.get(symbol) instanceof Value.Exact exact
                  ? Num.of(exact.rational())
                  : node;
      return terms.stream().map(term -> Substitution.everywhere(term, fixed)).toList();
    }
  }

  private static List<Line> lines(List<Expr> terms, List<Symbol> symbols, boolean positive) {
    List<Line> lines = new ArrayList<>();
    for (Map<Symbol, Value> base : bases(terms, symbols, positive)) {
      symbols.forEach(moving -> lines.add(new Line(moving, base)));
    }
    int most = symbols.size() == 1 ? 1 : MOST_LINES;
    return lines.subList(0, Math.min(most, lines.size()));
  }

  /** Each end, positions between neighbours, and beyond each side; fewer on one of many lines. */
  private static List<Value> places(List<Value> ends, boolean onlyLine, AlgebraLimit budget) {
    List<Value> places = new ArrayList<>(ends);
    for (int i = 0; i + 1 < ends.size(); i++) {
      Value width = Value.subtract(ends.get(i + 1), ends.get(i), budget);
      for (Rational share : onlyLine ? BETWEEN : List.of(BETWEEN.get(i % 2))) {
        Value offset = Value.multiply(width, new Value.Exact(share), budget);
        places.add(Value.add(ends.get(i), offset, budget));
      }
    }
    Value first = ends.isEmpty() ? Value.ZERO : ends.get(0);
    Value last = ends.isEmpty() ? Value.ZERO : ends.get(ends.size() - 1);
    for (Rational distance : onlyLine ? BEYOND : BEYOND.subList(1, 3)) {
      places.add(Value.add(first, new Value.Exact(distance.negate()), budget));
      places.add(Value.add(last, new Value.Exact(distance), budget));
    }
    return places;
  }

  /** Points of every mix of signs, then points whose coordinates are numbers in the terms. */
  private static List<Map<Symbol, Value>> bases(
      List<Expr> terms, List<Symbol> symbols, boolean positive) {
    List<Rational> named = named(terms);
    return points(
        LINES + Math.min(NAMED_LINES, named.size()),
        symbols,
        (p, s) ->
            new Value.Exact(
                p < LINES ? mixed(p, s, positive) : named.get((p - LINES + s) % named.size())));
  }

  private static Rational mixed(int point, int index, boolean positive) {
    int above = ABOVE[(5 * point + 3 * index + 2) % ABOVE.length];
    int below = BELOW[(7 * point + index) % BELOW.length];
    boolean minus = (point >> (index % 3) & 1) == 1 != (index >= 3 && point % (index + 1) == 0);
    return Rational.of(!positive && minus ? -above : above, below);
  }

  /** Zero, and larger numbers of the terms with either sign: x − 50 is zero at 50. */
  private static List<Rational> named(List<Expr> terms) {
    Set<Rational> numbers = new LinkedHashSet<>();
    numbers.add(Rational.ZERO);
    terms.forEach(term -> collectNumbers(term, numbers));
    return List.copyOf(numbers);
  }

  private static void collectNumbers(Expr expr, Set<Rational> numbers) {
    if (expr instanceof Num num && num.value().abs().compareTo(SMALL) > 0) {
      numbers.add(num.value());
      numbers.add(num.value().negate());
    }
    expr.children().forEach(child -> collectNumbers(child, numbers));
  }
}
