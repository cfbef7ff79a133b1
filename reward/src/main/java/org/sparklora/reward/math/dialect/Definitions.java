package org.sparklora.reward.math.dialect;

import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.sparklora.reward.math.algebra.Expr;
import org.sparklora.reward.math.algebra.Expr.Apply;
import org.sparklora.reward.math.algebra.Expr.FiniteSet;
import org.sparklora.reward.math.algebra.Expr.Pow;
import org.sparklora.reward.math.algebra.Expr.Relation;
import org.sparklora.reward.math.algebra.Expr.Symbol;
import org.sparklora.reward.math.algebra.Substitution;

/** Compares definitions of functions and sequences, in which the name of the variable is free. */
record Definitions(MathEquivalence equivalence) {
  private static final Pattern INDEXED = Pattern.compile("([a-zA-Z])_([a-z])");

  /** The answer with the solution's variable, if its functions have another one: f(t) = t + 1. */
  static Expr renamed(Expr gold, Expr answer) {
    Set<Symbol> wanted = variables(gold);
    Set<Symbol> given = variables(answer);
    if (wanted.size() != 1 || given.size() != 1) {
      return answer;
    }
    Symbol to = wanted.iterator().next();
    Symbol from = given.iterator().next();
    return from.equals(to) || answer.dependsOn(to)
        ? answer
        : Substitution.everywhere(
            answer, node -> node instanceof Symbol symbol ? renamed(symbol, from, to) : node);
  }

  private static Symbol renamed(Symbol symbol, Symbol from, Symbol to) {
    Matcher indexed = INDEXED.matcher(symbol.name());
    return symbol.equals(from)
        ? to
        : indexed.matches() && indexed.group(2).equals(from.name())
            ? new Symbol(indexed.group(1) + "_" + to.name(), symbol.real())
            : symbol;
  }

  /** The variables of a definition or of several; none if one of them defines no function. */
  private static Set<Symbol> variables(Expr expr) {
    List<Expr> parts = expr instanceof FiniteSet ? expr.children() : List.of(expr);
    Set<Symbol> variables = new HashSet<>();
    for (Expr part : parts) {
      Optional<Symbol> variable = variable(part);
      if (variable.isEmpty()) {
        return Set.of();
      }
      variables.add(variable.get());
    }
    return variables;
  }

  /** The x of f(x) = x + 1 and f⁻¹(x) = x − 1, the n of a_n = 2n. */
  private static Optional<Symbol> variable(Expr expr) {
    if (!(expr instanceof Relation equation) || equation.op() != Relation.Op.EQ) {
      return Optional.empty();
    }
    Expr left = equation.left();
    if (left instanceof Symbol symbol) {
      Matcher indexed = INDEXED.matcher(symbol.name());
      return Optional.of(indexed)
          .filter(Matcher::matches)
          .map(m -> new Symbol(m.group(2), symbol.real()))
          .filter(equation.right()::dependsOn);
    }
    return argument(left instanceof Pow power ? power.base() : left);
  }

  private static Optional<Symbol> argument(Expr expr) {
    return expr instanceof Apply function
            && function.args().size() == 1
            && function.args().get(0) instanceof Symbol variable
        ? Optional.of(variable)
        : Optional.empty();
  }

  /**
   * Whether y = x + 1 and g(x) = x + 1 define the same function as f(x) = x + 1, and y(x) as y;
   * empty if these are other equations.
   */
  Optional<Boolean> same(Expr gold, Expr answer) {
    if (!(gold instanceof Relation a)
        || a.op() != Relation.Op.EQ
        || !(answer instanceof Relation b)
        || b.op() != Relation.Op.EQ) {
      return Optional.empty();
    }
    Optional<Symbol> variable = argument(a.left());
    Optional<Symbol> other = argument(b.left());
    if (variable.isPresent() && (other.isPresent() || b.left() instanceof Symbol)) {
      return Optional.of(
          (other.isEmpty() || other.equals(variable)) && equivalence.same(a.right(), b.right()));
    }
    return a.left() instanceof Symbol name
            && other.isPresent()
            && (b.right().dependsOn(other.get())
                || ((Apply) b.left()).name().equalsIgnoreCase(name.name()))
        ? Optional.of(equivalence.same(a.right(), b.right()))
        : Optional.empty();
  }
}
