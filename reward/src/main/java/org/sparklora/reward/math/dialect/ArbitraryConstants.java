package org.sparklora.reward.math.dialect;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiPredicate;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.sparklora.reward.math.algebra.Expr;
import org.sparklora.reward.math.algebra.Expr.Add;
import org.sparklora.reward.math.algebra.Expr.Iterated;
import org.sparklora.reward.math.algebra.Expr.Mul;
import org.sparklora.reward.math.algebra.Expr.Num;
import org.sparklora.reward.math.algebra.Expr.Pow;
import org.sparklora.reward.math.algebra.Expr.Symbol;
import org.sparklora.reward.math.algebra.Identity;
import org.sparklora.reward.math.algebra.Relations;
import org.sparklora.reward.math.algebra.Substitution;

/**
 * Compares solutions with arbitrary constants: their names are free, and a constant of integration
 * absorbs every number that is added to it.
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

  /** Places of the variable where most functions have a value. */
  private static final List<Expr> PLACES = List.of(Num.of(2), Num.of(-2), Num.of(1));

  boolean same(Expr gold, Expr answer) {
    return !gold.isCollection()
        && !answer.isCollection()
        && (renamed(gold, answer) || absorbed(gold, answer));
  }

  /** Whether other names of the answer's constants make it equal: y = Ae^x for y = Ce^x. */
  private boolean renamed(Expr gold, Expr answer) {
    Set<Symbol> variables = Expr.freeSymbols(gold);
    Set<Symbol> used = Expr.freeSymbols(answer);
    boolean indexed = used.stream().filter(s -> matches(INDEXED, s)).count() > 1;
    List<Symbol> constants =
        variables.stream()
            .filter(s -> matches(CERTAIN, s) || indexed && matches(CAPITAL, s))
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
        && orders(others).stream().anyMatch(order -> same(gold, constants, answer, order));
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

  /** Whether two primitives with their constants differ by a number only. */
  private boolean absorbed(Expr gold, Expr answer) {
    boolean named = Relations.isEquation(gold);
    boolean givenName = Relations.isEquation(answer);
    if (named && givenName
        ? !Relations.first(gold).left().equals(Relations.first(answer).left())
        : named && !mayLoseName(gold)) {
      return false;
    }
    Optional<Primitive> a = primitive(body(gold), Set.of(), ADDED);
    Optional<Primitive> b =
        a.flatMap(f -> primitive(body(answer), Expr.freeSymbols(f.term()), POSSIBLE));
    if (b.isEmpty()) {
      return false;
    }
    Set<Symbol> variables = Expr.freeSymbols(a.get().term());
    Optional<Symbol> variable =
        variables.stream().filter(ArbitraryConstants::isVariable).findFirst();
    // The c of x² + c, and the C beside A and B, may be coefficients, which absorb nothing.
    boolean certain = matches(CERTAIN, a.get().constant()) || matches(CERTAIN, b.get().constant());
    if (!certain
        || variables.stream().anyMatch(s -> matches(CAPITAL, s))
        || variable.isEmpty()
        || !variables.containsAll(Expr.freeSymbols(b.get().term()))) {
      return false;
    }
    Expr difference = Expr.minus(a.get().term(), b.get().term());
    return PLACES.stream()
        .map(place -> Substitution.replace(difference, variable.get(), place))
        .anyMatch(number -> identity.holds(difference, number));
  }

  private static boolean mayLoseName(Expr equation) {
    return Relations.isAssignment(equation) || Relations.first(equation).left() instanceof Iterated;
  }

  private static Expr body(Expr expr) {
    return Relations.isEquation(expr) ? Relations.last(expr).right() : expr;
  }

  /** A sum without its constant of integration. */
  private record Primitive(Expr term, Symbol constant) {}

  private static Optional<Primitive> primitive(Expr body, Set<Symbol> others, Pattern names) {
    if (!(body instanceof Add add)) {
      return Optional.empty();
    }
    for (int i = 0; i < add.terms().size(); i++) {
      Optional<Symbol> constant =
          scaled(add.terms().get(i)).filter(s -> matches(names, s) && !others.contains(s));
      if (constant.isPresent()) {
        List<Expr> rest = new ArrayList<>(add.terms());
        rest.remove(i);
        Expr sum = new Add(List.copyOf(rest));
        return Optional.of(new Primitive(sum, constant.get()))
            .filter(found -> !found.term().dependsOn(found.constant()));
      }
    }
    return Optional.empty();
  }

  /** The name in C, −C, 2C and C/3. */
  private static Optional<Symbol> scaled(Expr term) {
    List<Expr> factors = term instanceof Mul mul ? mul.factors() : List.of(term);
    List<Symbol> names =
        factors.stream().filter(Symbol.class::isInstance).map(Symbol.class::cast).toList();
    long numbers = factors.stream().filter(ArbitraryConstants::isNumber).count();
    return names.size() == 1 && numbers == factors.size() - 1
        ? Optional.of(names.get(0))
        : Optional.empty();
  }

  private static boolean isNumber(Expr factor) {
    return factor instanceof Num num && num.value().signum() != 0
        || factor instanceof Pow pow && isNumber(pow.base()) && pow.exponent().equals(Num.of(-1));
  }

  private static boolean isVariable(Symbol symbol) {
    return matches(VARIABLE, symbol);
  }

  private static boolean matches(Pattern pattern, Symbol symbol) {
    return pattern.matcher(symbol.name()).matches();
  }
}
