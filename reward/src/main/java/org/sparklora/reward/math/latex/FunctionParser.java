package org.sparklora.reward.math.latex;

import static org.sparklora.reward.math.latex.LatexLexer.Kind.*;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.sparklora.reward.math.algebra.Evaluator;
import org.sparklora.reward.math.algebra.Expr;
import org.sparklora.reward.math.algebra.Expr.Add;
import org.sparklora.reward.math.algebra.Expr.Call;
import org.sparklora.reward.math.algebra.Expr.Constant;
import org.sparklora.reward.math.algebra.Expr.Iterated;
import org.sparklora.reward.math.algebra.Expr.Limit;
import org.sparklora.reward.math.algebra.Expr.Matrix;
import org.sparklora.reward.math.algebra.Expr.Num;
import org.sparklora.reward.math.algebra.Expr.Pow;
import org.sparklora.reward.math.algebra.Expr.Symbol;
import org.sparklora.reward.math.algebra.MatrixAlgebra;
import org.sparklora.reward.math.algebra.ParseFailure;
import org.sparklora.reward.math.algebra.Substitution;
import org.sparklora.reward.math.latex.LatexLexer.Kind;
import org.sparklora.reward.math.latex.LatexLexer.Token;

/**
 * Reads functions with their arguments: named functions with scripts, operators, roots, sums,
 * products, integrals, limits, and functions without a known meaning such as {@code f(x)}.
 */
record FunctionParser(TokenCursor in, SymbolNames names, TermParser terms, OperandParser operands) {
  private static final Set<String> TRIGONOMETRIC =
      Set.of("sin", "cos", "tan", "csc", "sec", "cot", "sinh", "cosh", "tanh");

  /** A function applied to the tokens after it, else an atom. */
  Expr functionOrAtom() {
    return switch (in.kind()) {
      case FUNCTION -> call(in.next().text().substring(1));
      case GAMMA ->
          in.attempt(() -> call(in.next().text().substring(1)))
              .orElseGet(() -> operands.atom(true, true));
      case MULTI_FUNCTION -> functionOfSeveral(in.next().text().substring(1));
      case OPERATOR_NAME -> operatorName();
      case EXP_E -> {
        in.next();
        yield in.skip(CARET) ? exponential(operands.script()) : Constant.E;
      }
      case SQRT -> root();
      case SUM -> iterated(Iterated.Kind.SUM);
      case PROD -> iterated(Iterated.Kind.PRODUCT);
      case INT -> integral();
      case LIM -> limit();
      case LETTER, GREEK, OTHER_SYMBOL, ACCENT ->
          in.attempt(this::application).orElseGet(() -> operands.atom(true, true));
      default -> operands.atom(true, true);
    };
  }

  /** {@code e^{\ln u}} becomes u at once, so that a name in u is compared as a name. */
  private Expr exponential(Expr exponent) {
    Expr natural = in.isStrict() ? exponent : withNaturalLog(exponent);
    return natural instanceof Call log && isLog(log) && log.args().get(1) == Constant.E
        ? log.args().get(0)
        : new Pow(Constant.E, natural);
  }

  /**
   * Math-Verify takes a logarithm of any base for a natural one in an exponent of e, if it stands
   * alone or has constant factors.
   */
  private static Expr withNaturalLog(Expr exponent) {
    if (exponent instanceof Add sum) {
      return new Add(sum.terms().stream().map(FunctionParser::withNaturalLog).toList());
    }
    List<Expr> factors = exponent instanceof Expr.Mul mul ? mul.factors() : List.of(exponent);
    List<Expr> logs = factors.stream().filter(FunctionParser::isLog).toList();
    boolean alone =
        factors.stream().allMatch(factor -> isLog(factor) || Expr.freeSymbols(factor).isEmpty());
    return alone && logs.size() == 1
        ? Substitution.replace(
            exponent, logs.get(0), Call.of("log", logs.get(0).children().get(0), Constant.E))
        : exponent;
  }

  private static boolean isLog(Expr expr) {
    return expr instanceof Call call && call.name().equals("log");
  }

  /** A function's scripts and argument, after its name. */
  private Expr call(String name) {
    Optional<Expr> base = Optional.empty();
    Optional<Expr> power = Optional.empty();
    while (in.is(UNDERSCORE) && base.isEmpty() || in.is(CARET) && power.isEmpty()) {
      if (in.next().kind() == UNDERSCORE) {
        if (!name.equals("log")) {
          in.refuseIfStrict("a subscript of " + name);
        }
        base = Optional.of(operands.subscript());
      } else {
        power = Optional.of(operands.script());
      }
    }
    Expr argument =
        in.attempt(() -> terms.enclosedTerm(L_PAREN, R_PAREN))
            .orElseGet(() -> in.nested(() -> terms.product(false)));
    return applied(name, base, power, argument);
  }

  /**
   * The value of a function command.
   *
   * @param base the subscript: the base of a logarithm
   * @param power the superscript: −1 on a trigonometric function means its inverse
   */
  private Expr applied(String name, Optional<Expr> base, Optional<Expr> power, Expr arg) {
    boolean inverse = TRIGONOMETRIC.contains(name) && power.filter(Num.of(-1)::equals).isPresent();
    Expr value =
        switch (name) {
          case "log" -> Call.of("log", arg, base.orElse(Num.of(10)));
          case "ln" -> Call.of("log", arg, base.orElse(Constant.E));
          case "exp" -> new Pow(Constant.E, arg);
          case "ceil" -> Call.of("ceiling", arg);
          case "Gamma", "gamma" ->
              arg instanceof Num
                  ? Evaluator.folded(Call.of("gamma", arg), in.budget())
                  : Call.of("gamma", arg);
          case "det" -> Evaluator.folded(MatrixAlgebra.determinant(matrix(arg)), in.budget());
          case "tr", "trace" -> Evaluator.folded(MatrixAlgebra.trace(matrix(arg)), in.budget());
          case "arsinh", "arcosh", "artanh" -> Call.of("a" + name.substring(2), arg);
          default ->
              name.startsWith("arc")
                  ? Call.of("a" + name.substring(3), arg)
                  : Call.of(inverse ? "a" + name : name, arg);
        };
    return power.isPresent() && !inverse ? new Pow(value, power.get()) : value;
  }

  private static Matrix matrix(Expr arg) {
    if (arg instanceof Matrix matrix) {
      return matrix;
    }
    throw ParseFailure.meaningless("a determinant or trace of something that is no matrix");
  }

  private Expr functionOfSeveral(String name) {
    Optional<Expr> power = Optional.empty();
    while (in.is(UNDERSCORE) || in.is(CARET)) {
      if (in.next().kind() == UNDERSCORE) {
        in.refuseIfStrict("a subscript of " + name);
        operands.subscriptText();
      } else {
        power = Optional.of(operands.script());
      }
    }
    in.expect(L_PAREN);
    List<Expr> args = new ArrayList<>();
    do {
      args.add(terms.enclosedTerm());
    } while (in.skip(COMMA));
    in.expect(R_PAREN);
    boolean extreme = name.equals("max") || name.equals("min");
    boolean alike = extreme && args.stream().distinct().count() == 1;
    Expr value = alike ? args.get(0) : new Call(name, List.copyOf(args));
    return power.isPresent() ? new Pow(value, power.get()) : value;
  }

  private Expr operatorName() {
    in.next();
    in.expect(L_BRACE);
    String name = in.expect(NAME).text();
    in.expect(R_BRACE);
    return switch (name) {
      case "gcd", "lcm" -> functionOfSeveral(name);
      case "floor", "ceil", "tr", "trace" -> call(name);
      case "arsinh", "arcsinh", "arcosh", "arccosh", "artanh", "arctanh" -> call(name);
      default -> throw ParseFailure.meaningless("the operator " + name);
    };
  }

  private Expr root() {
    in.next();
    Expr degree = in.is(L_BRACKET) ? terms.enclosedTerm(L_BRACKET, R_BRACKET) : Num.of(2);
    Expr base = terms.bracedTerm();
    Expr exponent = Expr.divide(Num.of(1), degree);
    // A book means −2 by the cube root of −8, not the complex root.
    boolean negative =
        in.isStrict()
            && degree instanceof Num n
            && n.isInteger()
            && n.value().numerator().testBit(0)
            && Evaluator.compare(base, Num.of(0), in.budget()).orElse(0) < 0;
    return negative ? Expr.negate(new Pow(Expr.negate(base), exponent)) : new Pow(base, exponent);
  }

  private Expr iterated(Iterated.Kind kind) {
    in.next();
    Optional<Expr> upper =
        in.is(CARET) ? Optional.of(operands.scriptAfterCaret()) : Optional.empty();
    in.expect(UNDERSCORE);
    in.expect(L_BRACE);
    Expr variable = terms.enclosedTerm();
    if (!in.skip(ASSIGNMENT)) {
      in.expect(EQUAL);
    }
    Expr lower = terms.enclosedTerm();
    in.expect(R_BRACE);
    Expr last = upper.isPresent() ? upper.get() : operands.scriptAfterCaret();
    Expr body = in.nested(() -> terms.product(true));
    if (!(variable instanceof Symbol symbol)) {
      throw ParseFailure.meaningless("a sum over something that is no variable");
    }
    return new Iterated(kind, body, symbol, List.of(lower, last));
  }

  private Expr integral() {
    in.next();
    List<Expr> bounds = List.of();
    if (in.skip(UNDERSCORE)) {
      Expr lower = operands.subscript();
      bounds = List.of(lower, operands.scriptAfterCaret());
    } else if (in.is(CARET)) {
      Expr upper = operands.scriptAfterCaret();
      in.expect(UNDERSCORE);
      bounds = List.of(operands.subscript(), upper);
    }
    Expr body = terms.integrand();
    String variable = "x";
    if (in.is(DIFFERENTIAL)) {
      variable = SymbolNames.plain(in.next().text().substring(1));
    } else {
      // ∫ dx / x: the differential is a factor inside the integrand.
      Optional<Symbol> inside =
          Expr.freeSymbols(body).stream().filter(s -> s.name().matches("d.+")).findFirst();
      if (inside.isPresent()) {
        variable = inside.get().name().substring(1);
        body = Substitution.replace(body, inside.get(), Num.of(1));
      }
    }
    return new Iterated(Iterated.Kind.INTEGRAL, body, names.exact(variable), bounds);
  }

  private Expr limit() {
    in.next();
    in.expect(UNDERSCORE);
    in.expect(L_BRACE);
    Token name = in.next();
    if (name.kind() != LETTER && name.kind() != GREEK && name.kind() != OTHER_SYMBOL) {
      throw new ParseFailure("expected a limit's variable");
    }
    in.expect(ARROW);
    Expr point = terms.enclosedTerm();
    boolean below = false;
    if (in.skip(CARET)) {
      in.expect(L_BRACE);
      below = in.next().kind() == SUB;
      in.expect(R_BRACE);
    }
    in.expect(R_BRACE);
    Expr body = in.nested(() -> terms.product(true));
    return new Limit(body, names.exact(SymbolNames.plain(name.text())), point, !below);
  }

  /** {@code f(x)}: a letter, then one atom in brackets, or several terms; not {@code n(n+1)}. */
  private Expr application() {
    int start = in.mark();
    in.next();
    if (in.skip(UNDERSCORE)) {
      operands.subscriptText();
    }
    String name = in.textFrom(start).strip();
    if (in.isStrict() && name.equals("\\pi")) {
      throw new ParseFailure("a factor before brackets");
    }
    Optional<Expr> power =
        in.is(CARET) ? Optional.of(operands.scriptAfterCaret()) : Optional.empty();
    boolean braced = in.is(L_BRACE) && (in.kindAfter(1) == L_PAREN || in.kindAfter(1) == L_BRACKET);
    if (braced) {
      in.next();
    }
    if (!in.is(L_PAREN) && !in.is(L_BRACKET)) {
      throw new ParseFailure("no arguments");
    }
    Kind close = in.next().kind() == L_PAREN ? R_PAREN : R_BRACKET;
    List<Expr> args = arguments(close);
    in.expect(close);
    if (braced) {
      in.expect(R_BRACE);
    }
    Expr value = new Expr.Apply(name, args);
    return power.isPresent() ? new Pow(value, power.get()) : value;
  }

  private List<Expr> arguments(Kind close) {
    Optional<Expr> single =
        in.attempt(
            () -> {
              Expr only = operands.atom(true, true);
              if (!in.is(close)) {
                throw new ParseFailure("more than an atom");
              }
              return only;
            });
    if (single.isPresent()) {
      return List.of(single.get());
    }
    List<Expr> args = new ArrayList<>();
    args.add(terms.enclosedTerm());
    in.expect(COMMA);
    while (!in.is(close)) {
      args.add(terms.enclosedTerm());
      if (!in.skip(COMMA)) {
        break;
      }
    }
    return List.copyOf(args);
  }
}
