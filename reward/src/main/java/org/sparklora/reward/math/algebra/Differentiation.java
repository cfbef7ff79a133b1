package org.sparklora.reward.math.algebra;

import java.util.ArrayList;
import java.util.List;
import org.sparklora.reward.math.algebra.Expr.Call;
import org.sparklora.reward.math.algebra.Expr.Constant;
import org.sparklora.reward.math.algebra.Expr.Num;
import org.sparklora.reward.math.algebra.Expr.Pow;
import org.sparklora.reward.math.algebra.Expr.Symbol;
import org.sparklora.reward.math.number.AlgebraLimit;
import org.sparklora.reward.math.number.Rational;
import org.sparklora.reward.math.number.Value;

/** Derivatives by the rules of calculus. */
final class Differentiation {
  private static final Num TWO = Num.of(2);

  private Differentiation() {}

  /** Throws {@link Value.None} for a function without a rule. */
  static Expr of(Expr expr, Symbol x, AlgebraLimit budget) {
    budget.step();
    if (!expr.dependsOn(x)) {
      return Num.of(0);
    }
    if (expr.equals(x)) {
      return Num.of(1);
    } else if (expr instanceof Expr.Add add) {
      return new Expr.Add(add.terms().stream().map(term -> of(term, x, budget)).toList());
    } else if (expr instanceof Expr.Mul mul) {
      return product(mul.factors(), x, budget);
    } else if (expr instanceof Pow pow) {
      return power(pow, x, budget);
    } else if (expr instanceof Expr.Percent percent) {
      return new Expr.Percent(of(percent.arg(), x, budget));
    } else if (expr instanceof Call call && call.name().equals("log")) {
      return logarithm(call, x, budget);
    } else if (expr instanceof Call call && call.args().size() == 1) {
      return Expr.times(outer(call.name(), call.args().get(0)), of(call.args().get(0), x, budget));
    }
    throw new Value.None("no rule to differentiate " + expr.getClass().getSimpleName());
  }

  /** (f g)' = f' g + f g' */
  private static Expr product(List<Expr> factors, Symbol x, AlgebraLimit budget) {
    List<Expr> terms = new ArrayList<>();
    for (int i = 0; i < factors.size(); i++) {
      budget.step(factors.size());
      List<Expr> changed = new ArrayList<>(factors);
      changed.set(i, of(factors.get(i), x, budget));
      terms.add(new Expr.Mul(changed));
    }
    return new Expr.Add(terms);
  }

  /** (f^g)' = g f^(g−1) f' + f^g ln(f) g' */
  private static Expr power(Pow pow, Symbol x, AlgebraLimit budget) {
    Expr f = pow.base();
    Expr g = pow.exponent();
    List<Expr> terms = new ArrayList<>();
    if (f.dependsOn(x)) {
      Expr lowered = new Pow(f, Expr.minus(g, Num.of(1)));
      terms.add(Expr.times(Expr.times(g, lowered), of(f, x, budget)));
    }
    if (g.dependsOn(x)) {
      Expr ln = Call.of("log", f, Constant.E);
      terms.add(Expr.times(Expr.times(pow, ln), of(g, x, budget)));
    }
    return new Expr.Add(terms);
  }

  private static Expr logarithm(Call log, Symbol x, AlgebraLimit budget) {
    Expr base = log.args().get(1);
    if (base.dependsOn(x)) {
      throw new Value.None("a logarithm to a variable base");
    }
    Expr slope = Expr.divide(of(log.args().get(0), x, budget), log.args().get(0));
    return Expr.divide(slope, Call.of("log", base, Constant.E));
  }

  /** The derivative of a function of u with respect to u. */
  private static Expr outer(String name, Expr u) {
    Num one = Num.of(1);
    Expr square = new Pow(u, TWO);
    return switch (name) {
      case "sin" -> Call.of("cos", u);
      case "cos" -> Expr.negate(Call.of("sin", u));
      case "tan" -> new Pow(Call.of("sec", u), TWO);
      case "cot" -> Expr.negate(new Pow(Call.of("csc", u), TWO));
      case "sec" -> Expr.times(Call.of("sec", u), Call.of("tan", u));
      case "csc" -> Expr.negate(Expr.times(Call.of("csc", u), Call.of("cot", u)));
      case "asin" -> inverseRoot(Expr.minus(one, square));
      case "acos" -> Expr.negate(inverseRoot(Expr.minus(one, square)));
      case "atan" -> new Pow(new Expr.Add(List.of(one, square)), Num.of(-1));
      case "sinh" -> Call.of("cosh", u);
      case "cosh" -> Call.of("sinh", u);
      case "tanh" -> new Pow(Call.of("cosh", u), Num.of(-2));
      case "asinh" -> inverseRoot(new Expr.Add(List.of(square, one)));
      case "acosh" -> inverseRoot(Expr.minus(square, one));
      case "atanh" -> new Pow(Expr.minus(one, square), Num.of(-1));
      default -> throw new Value.None("no rule to differentiate " + name);
    };
  }

  private static Expr inverseRoot(Expr u) {
    return new Pow(u, Num.of(Rational.of(-1, 2)));
  }
}
