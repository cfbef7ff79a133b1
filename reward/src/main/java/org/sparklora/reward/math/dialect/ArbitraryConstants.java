package org.sparklora.reward.math.dialect;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiPredicate;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.sparklora.reward.math.algebra.Evaluator;
import org.sparklora.reward.math.algebra.Expr;
import org.sparklora.reward.math.algebra.Expr.Add;
import org.sparklora.reward.math.algebra.Expr.Apply;
import org.sparklora.reward.math.algebra.Expr.Iterated;
import org.sparklora.reward.math.algebra.Expr.Matrix;
import org.sparklora.reward.math.algebra.Expr.Num;
import org.sparklora.reward.math.algebra.Expr.Relation;
import org.sparklora.reward.math.algebra.Expr.Symbol;
import org.sparklora.reward.math.algebra.Identity;
import org.sparklora.reward.math.algebra.MatrixAlgebra;
import org.sparklora.reward.math.algebra.Relations;
import org.sparklora.reward.math.algebra.Substitution;
import org.sparklora.reward.math.number.Closeness;
import org.sparklora.reward.math.number.Rational;
import org.sparklora.reward.math.number.Value;

/**
 * Compares solutions with arbitrary constants: their names are free, and solutions that are linear
 * in them may have other terms of the same span.
 *
 * <p>An instance serves one verdict on one thread.
 *
 * @param equal whether two answers are equal with the names that they have
 */
record ArbitraryConstants(BiPredicate<Expr, Expr> equal, Identity identity) {
  /** Names that no other quantity of a general solution has. */
  private static final Pattern CERTAIN = Pattern.compile("C(?:_.*)?|c_\\{?[0-9]\\}?|kappa_.*");

  /** Two of these in an answer are constants, and so are capital letters in their place. */
  private static final Pattern INDEXED = Pattern.compile("[Cc]_.*");

  private static final Pattern CAPITAL = Pattern.compile("[A-DK]");

  /** Names that a constant of integration also has. */
  private static final Pattern ADDED = Pattern.compile("[CKc](?:_.*)?");

  /** Names that an answer may give to a constant of the solution. */
  private static final Pattern POSSIBLE = Pattern.compile("[A-DKMa-dkm](?:_.*)?|alpha|beta|lambda");

  /** Variables of functions; without one of them, C may be a capacity or an angle. */
  private static final Pattern VARIABLE = Pattern.compile("[xytuz]|theta");

  /** Permutations of more names would be too many. */
  private static final int MOST = 3;

  /** Factors of the places of variables, such that most functions have values at one of them. */
  private static final List<Rational> SCALES =
      List.of(Rational.of(1, 5), Rational.of(1, 29), Rational.of(-1, 5));

  private static final BigDecimal TINY = new BigDecimal("1e-20");

  boolean same(Expr gold, Expr answer) {
    return !gold.isCollection() && !answer.isCollection() && renamed(gold, answer);
  }

  /** Whether other constants in the answer make it equal: y = −Ae^x for y = Ce^x. */
  private boolean renamed(Expr gold, Expr answer) {
    Set<Symbol> variables = Expr.freeSymbols(gold);
    Set<Symbol> used = Expr.freeSymbols(answer);
    boolean indexed = used.stream().filter(s -> matches(INDEXED, s)).count() > 1;
    // The c of x² + c is one if the answer has a C; else it may be a coefficient.
    boolean certain = used.stream().anyMatch(s -> matches(CERTAIN, s) && !variables.contains(s));
    List<Symbol> constants =
        variables.stream()
            .filter(
                s ->
                    matches(CERTAIN, s)
                        || indexed && matches(CAPITAL, s)
                        || certain && matches(ADDED, s) && isAdded(s, gold))
            .toList();
    variables.removeAll(constants);
    List<Symbol> others = used.stream().filter(s -> !variables.contains(s)).toList();
    Optional<Symbol> name =
        Relations.isEquation(gold) && Relations.first(gold).left() instanceof Symbol symbol
            ? Optional.of(symbol)
            : Optional.empty();
    // A name C is a circumference or a cost, except in an equation of a curve in x and y.
    boolean possible =
        name.filter(constants::contains).isPresent()
            ? variables.containsAll(List.of(new Symbol("x", true), new Symbol("y", true)))
            : variables.stream().anyMatch(s -> !name.equals(Optional.of(s)) && isVariable(s));
    return possible
        && !constants.isEmpty()
        && constants.size() <= MOST
        && constants.size() == others.size()
        && others.stream().allMatch(s -> matches(POSSIBLE, s))
        && variables.stream().allMatch(s -> used.contains(s) || name.equals(Optional.of(s)))
        && (orders(others).stream().anyMatch(order -> same(gold, constants, answer, order))
            || constants.size() == 1
                && same(gold, constants, negated(answer, others.get(0)), others)
            || variables.stream().noneMatch(s -> matches(CAPITAL, s))
                && sameFamily(gold, constants, answer, others));
  }

  private static boolean isAdded(Symbol constant, Expr gold) {
    return body(gold) instanceof Add sum && sum.terms().contains(constant);
  }

  private static Expr negated(Expr answer, Symbol constant) {
    return Substitution.replace(answer, constant, Expr.negate(constant));
  }

  private boolean sameFamily(Expr gold, List<Symbol> constants, Expr answer, List<Symbol> others) {
    Optional<String> name = name(gold, constants);
    Optional<String> other = name(answer, others);
    boolean renamed = name.isPresent() && other.isPresent() && !name.equals(other);
    Optional<Linear> a = renamed ? Optional.empty() : linear(gold, constants);
    return a.flatMap(g -> linear(answer, others).filter(h -> sameSpan(g, h))).isPresent();
  }

  private boolean same(Expr gold, List<Symbol> constants, Expr answer, List<Symbol> others) {
    Expr a = marked(gold, constants);
    Expr b = marked(answer, others);
    boolean exact = SoundReadings.mixesCases(a) || SoundReadings.mixesCases(b);
    UnaryOperator<Expr> names = exact ? UnaryOperator.identity() : SoundReadings::inLowerCase;
    return equal.test(names.apply(a), names.apply(b));
  }

  /** The term with names for its constants that no letter has. */
  private static Expr marked(Expr expr, List<Symbol> constants) {
    return Substitution.everywhere(
        expr,
        node ->
            node instanceof Symbol symbol && constants.contains(symbol)
                ? new Symbol("constant " + constants.indexOf(symbol), symbol.real())
                : node);
  }

  private static List<List<Symbol>> orders(List<Symbol> symbols) {
    if (symbols.size() < 2) {
      return List.of(symbols);
    }
    List<List<Symbol>> orders = new ArrayList<>();
    for (Symbol first : symbols) {
      for (List<Symbol> rest : orders(symbols.stream().filter(s -> !s.equals(first)).toList())) {
        List<Symbol> order = new ArrayList<>(List.of(first));
        order.addAll(rest);
        orders.add(order);
      }
    }
    return orders;
  }

  /** Whether both are the same functions: a cosh x + b sinh x are all C_1 e^x + C_2 e^{-x}. */
  private boolean sameSpan(Linear gold, Linear answer) {
    return gold.terms().size() == answer.terms().size()
        && answer.terms().stream().allMatch(term -> spans(gold.terms(), term))
        && gold.terms().stream().allMatch(term -> spans(answer.terms(), term))
        && spans(gold.terms(), Expr.minus(gold.rest(), answer.rest()));
  }

  /** A solution as the terms that its constants multiply and the rest. */
  private record Linear(Expr rest, List<Expr> terms) {}

  /** Empty if a constant is no factor of a term. For F(x, y) = C, these are F and a number. */
  private Optional<Linear> linear(Expr solution, List<Symbol> constants) {
    boolean implicit = Relations.isEquation(solution) && name(solution, constants).isEmpty();
    if (implicit && (constants.size() > 1 || !(solution instanceof Relation))) {
      return Optional.empty();
    }
    Expr right = body(solution);
    Expr body = implicit ? Expr.minus(Relations.first(solution).left(), right) : right;
    Expr rest = fixed(body, constants, -1);
    List<Expr> terms = new ArrayList<>();
    List<Expr> sum = new ArrayList<>(List.of(rest));
    for (int i = 0; i < constants.size(); i++) {
      terms.add(Expr.minus(fixed(body, constants, i), rest));
      sum.add(Expr.times(constants.get(i), terms.get(i)));
    }
    Expr one = Num.of(1);
    if (!identity.holds(body, new Add(List.copyOf(sum)))
        || implicit && !spans(List.of(one), terms.get(0))) {
      return Optional.empty();
    }
    return Optional.of(
        implicit ? new Linear(Num.of(0), List.of(rest, one)) : new Linear(rest, terms));
  }

  /** The body with 1 for one of the constants and 0 for the others. */
  private static Expr fixed(Expr body, List<Symbol> constants, int one) {
    return Substitution.everywhere(
        body,
        node ->
            node instanceof Symbol symbol && constants.contains(symbol)
                ? Num.of(constants.indexOf(symbol) == one ? 1 : 0)
                : node);
  }

  /** Whether a term is a sum of multiples of independent ones, by Cramer's rule at some places. */
  private boolean spans(List<Expr> basis, Expr term) {
    List<Symbol> names = Identity.symbols(new Add(basis), term);
    for (Rational scale : SCALES) {
      Expr whole = determinant(basis, names, scale);
      List<Expr> sum = new ArrayList<>();
      for (int i = 0; i < basis.size(); i++) {
        List<Expr> changed = new ArrayList<>(basis);
        changed.set(i, term);
        sum.add(Expr.times(basis.get(i), determinant(changed, names, scale)));
      }
      if (!vanishes(whole) && identity.holds(Expr.times(term, whole), new Add(List.copyOf(sum)))) {
        return true;
      }
    }
    return false;
  }

  /** The determinant of the values of terms at as many places of their variables. */
  private static Expr determinant(List<Expr> terms, List<Symbol> names, Rational scale) {
    List<List<Expr>> rows = new ArrayList<>();
    for (int i = 0; i < terms.size(); i++) {
      int row = i;
      UnaryOperator<Expr> place =
          node ->
              node instanceof Symbol symbol && names.contains(symbol)
                  ? Num.of(scale.times(Rational.of(7 + (4 * row + 8 * names.indexOf(symbol)) % 20)))
                  : node;
      rows.add(terms.stream().map(term -> Substitution.everywhere(term, place)).toList());
    }
    return MatrixAlgebra.determinant(new Matrix(rows));
  }

  private boolean vanishes(Expr constant) {
    return Value.optional(() -> Evaluator.constant(constant, identity.budget()))
        .map(value -> Closeness.within(value, Value.ZERO, TINY))
        .orElse(true);
  }

  /** The name whose value a solution is: y, y(x) or an integral, but not a constant. */
  private static Optional<String> name(Expr solution, List<Symbol> constants) {
    if (!(solution instanceof Relation equation) || equation.op() != Relation.Op.EQ) {
      return Optional.empty();
    }
    Expr left = equation.left();
    return left instanceof Symbol symbol
            && !constants.contains(symbol)
            && !equation.right().dependsOn(symbol)
        ? Optional.of(symbol.name())
        : left instanceof Apply function
            ? Optional.of(function.name())
            : Optional.of("").filter(any -> left instanceof Iterated);
  }

  private static Expr body(Expr expr) {
    return Relations.isEquation(expr) ? Relations.last(expr).right() : expr;
  }

  private static boolean isVariable(Symbol symbol) {
    return matches(VARIABLE, symbol);
  }

  private static boolean matches(Pattern pattern, Symbol symbol) {
    return pattern.matcher(symbol.name()).matches();
  }
}
