package org.sparklora.reward.math;

import static org.sparklora.reward.math.LatexLexer.Kind.*;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.sparklora.reward.math.Expr.Add;
import org.sparklora.reward.math.Expr.Call;
import org.sparklora.reward.math.Expr.Constant;
import org.sparklora.reward.math.Expr.Infinite;
import org.sparklora.reward.math.Expr.Iterated;
import org.sparklora.reward.math.Expr.Limit;
import org.sparklora.reward.math.Expr.Matrix;
import org.sparklora.reward.math.Expr.Num;
import org.sparklora.reward.math.Expr.Percent;
import org.sparklora.reward.math.Expr.Pow;
import org.sparklora.reward.math.Expr.Symbol;
import org.sparklora.reward.math.LatexLexer.Kind;
import org.sparklora.reward.math.LatexLexer.Token;

/**
 * Reads one term: everything that has a value. Sums and products bind to the left; side by side
 * means times, except that a whole number before a positive fraction is a mixed number; a function
 * without brackets takes the whole product that follows it, up to the next function.
 *
 * <p>{@link LatexParser} adds relations, sets and lists above it.
 */
final class TermParser {
  /** Python refuses to turn longer literals into integers; so does the reference. */
  private static final int MAX_DIGITS = 4300;

  /** A derivative sign that still waits for what it applies to. */
  private static final Expr PENDING = Expr.Undefined.NAN;

  private final TokenCursor in;
  private final SymbolNames names;

  /** The bar that closes the absolute value being read, or {@code END} when none is open. */
  private Kind closingBar = END;

  /** Whether a differential ends the term, as under an integral. */
  private boolean stopAtDifferential;

  TermParser(TokenCursor in, boolean real) {
    this.in = in;
    this.names = new SymbolNames(real);
  }

  /** A sum. */
  Expr term() {
    int mode = (closingBar == END ? 0 : 1) + (stopAtDifferential ? 2 : 0);
    return in.remember(mode, this::sum);
  }

  /** A term inside its own brackets, where an outer bar or differential ends nothing. */
  private Expr enclosedTerm() {
    Kind bar = closingBar;
    boolean differential = stopAtDifferential;
    closingBar = END;
    stopAtDifferential = false;
    try {
      return term();
    } finally {
      closingBar = bar;
      stopAtDifferential = differential;
    }
  }

  private Expr sum() {
    Expr first = product(true);
    if (!in.is(ADD) && !in.is(SUB)) {
      return first;
    }
    List<Expr> terms = new ArrayList<>();
    addTerm(terms, first);
    Expr matrix = first;
    while (in.is(ADD) || in.is(SUB)) {
      boolean minus = in.next().kind() == SUB;
      Expr right = product(true);
      if (matrix instanceof Matrix || right instanceof Matrix) {
        matrix = MatrixAlgebra.add(matrix, minus ? MatrixAlgebra.times(Num.of(-1), right) : right);
      } else {
        addTerm(terms, minus ? Expr.negate(right) : right);
      }
    }
    return matrix instanceof Matrix ? matrix : new Add(List.copyOf(terms));
  }

  private static void addTerm(List<Expr> terms, Expr term) {
    if (term instanceof Add add) {
      terms.addAll(add.terms());
    } else {
      terms.add(term);
    }
  }

  private Expr product(boolean functions) {
    Expr left = signed(functions);
    while (in.is(MUL) || in.is(DIV) || in.is(COLON) || in.is(MOD)) {
      Kind operator = in.next().kind();
      Expr right = signed(functions);
      left =
          switch (operator) {
            case MUL -> MatrixAlgebra.times(left, right);
            case MOD -> Call.of("mod", left, right);
            default -> MatrixAlgebra.divide(left, right);
          };
    }
    return left;
  }

  private Expr signed(boolean functions) {
    boolean minus = false;
    boolean any = false;
    while (in.is(ADD) || in.is(SUB)) {
      any = true;
      if (in.next().kind() == SUB) {
        minus = !minus;
      }
    }
    Expr value = juxtaposed(functions);
    return any && minus ? MatrixAlgebra.negate(value) : value;
  }

  private Expr juxtaposed(boolean functions) {
    List<Expr> parts = new ArrayList<>();
    parts.add(postfix(true));
    while (startsFactor(functions)) {
      parts.add(postfix(functions));
    }
    Expr right = parts.get(parts.size() - 1);
    if (isPendingDerivative(right)) {
      throw ParseFailure.meaningless("a derivative of nothing");
    }
    for (int i = parts.size() - 2; i >= 0; i--) {
      right = sideBySide(parts.get(i), right);
    }
    return right;
  }

  private static boolean isPendingDerivative(Expr expr) {
    return expr instanceof Expr.Derivative derivative && derivative.body() == PENDING;
  }

  private static Expr sideBySide(Expr left, Expr right) {
    if (isPendingDerivative(left)) {
      return new Expr.Derivative(right, ((Expr.Derivative) left).variable());
    }
    boolean mixed =
        left instanceof Num whole
            && whole.isInteger()
            && right instanceof Num fraction
            && !fraction.decimal()
            && fraction.value().signum() > 0;
    if (!mixed) {
      return MatrixAlgebra.times(left, right);
    }
    Rational whole = ((Num) left).value();
    Rational fraction = ((Num) right).value();
    return Num.of(whole.signum() < 0 ? whole.minus(fraction) : whole.plus(fraction));
  }

  private boolean startsFactor(boolean functions) {
    return switch (in.kind()) {
      case L_PAREN,
              L_GROUP,
              L_BRACE,
              L_BRACKET,
              L_BRACE_VISUAL,
              L_BRACE_CMD,
              L_BRACK,
              PHANTOM,
              BOXED ->
          true;
      case L_VERT, L_ANGLE, L_FLOOR, LL_CORNER, L_CEIL, UL_CORNER -> true;
      case FRAC, BINOM, MATRIX_START, ARRAY_START, DET_START -> true;
      case LETTER,
              GREEK,
              OTHER_SYMBOL,
              ACCENT,
              INFTY,
              PARTIAL,
              NUMBER,
              PERCENT_NUMBER,
              E_NOTATION ->
          true;
      case UPPER_E, GAMMA -> true;
      case BAR, VERT, NORM -> in.kind() != closingBar;
      case DIFFERENTIAL -> !stopAtDifferential;
      case FUNCTION, MULTI_FUNCTION, OPERATOR_NAME, INT, SUM, PROD, LIM, SQRT, EXP_E -> functions;
      default -> false;
    };
  }

  private Expr postfix(boolean functions) {
    Expr value = power(functions);
    while (true) {
      switch (in.kind()) {
        case BANG -> {
          in.next();
          value = Call.of("factorial", value);
        }
        case TRANSPOSE -> {
          in.next();
          value = value instanceof Matrix matrix ? MatrixAlgebra.transpose(matrix) : value;
        }
        case DEGREE -> in.next();
        case BAR -> {
          if (in.kindAfter(1) != UNDERSCORE && in.kindAfter(1) != CARET
              || in.kindAfter(2) != L_BRACE) {
            return value;
          }
          in.next();
          value = evaluatedAt(value);
        }
        default -> {
          return value;
        }
      }
    }
  }

  /** {@code x|_{x=2}}: the term with the variable replaced. */
  private Expr evaluatedAt(Expr value) {
    in.expect(UNDERSCORE);
    in.expect(L_BRACE);
    Expr variable = enclosedTerm();
    if (!in.skip(ASSIGNMENT) && !in.skip(EQUAL)) {
      throw ParseFailure.meaningless("a value at an unnamed place");
    }
    Expr at = enclosedTerm();
    in.expect(R_BRACE);
    if (!(variable instanceof Symbol symbol)) {
      throw ParseFailure.meaningless("a value at a place that is not a variable's");
    }
    return Substitution.replace(value, symbol, at);
  }

  private Expr power(boolean functions) {
    Expr value = primary(functions);
    while (in.is(CARET)) {
      in.next();
      if (isPendingDerivative(value)) {
        throw ParseFailure.meaningless("a power of a derivative sign");
      }
      value = new Pow(value, script());
      if (in.is(UNDERSCORE)) {
        in.next();
        subscriptText();
      }
    }
    return value;
  }

  /** What follows a caret: one atom, or a term in braces. */
  private Expr script() {
    if (in.skip(L_BRACE)) {
      Expr value = enclosedTerm();
      in.expect(R_BRACE);
      return value;
    }
    return atom(true, true);
  }

  private Expr primary(boolean functions) {
    return switch (in.kind()) {
      case L_PAREN -> group(R_PAREN);
      case L_GROUP -> group(R_GROUP);
      case L_BRACKET -> group(R_BRACKET);
      case L_BRACK -> group(R_BRACK);
      case L_BRACE_VISUAL -> group(R_BRACE_VISUAL);
      case L_BRACE_CMD -> group(R_BRACE_CMD);
      case L_BRACE -> braces();
      case PHANTOM, BOXED -> {
        in.next();
        if (!in.is(L_BRACE)) {
          throw new ParseFailure("expected a brace");
        }
        yield group(R_BRACE);
      }
      case BAR -> absolute(BAR);
      case VERT -> absolute(VERT);
      case L_VERT -> Call.of("abs", group(R_VERT));
      case L_FLOOR -> Call.of("floor", group(R_FLOOR));
      case LL_CORNER -> Call.of("floor", group(LR_CORNER));
      case L_CEIL -> Call.of("ceiling", group(R_CEIL));
      case UL_CORNER -> Call.of("ceiling", group(UR_CORNER));
      case NORM -> {
        absolute(NORM);
        throw ParseFailure.meaningless("a norm");
      }
      case L_ANGLE -> {
        group(R_ANGLE);
        throw ParseFailure.meaningless("a product in angles");
      }
      case FRAC -> fraction();
      case BINOM -> {
        in.next();
        Expr upper = braced();
        yield binomial(upper, braced());
      }
      case MATRIX_START -> matrix(MATRIX_END);
      case ARRAY_START -> matrix(ARRAY_END);
      case DET_START -> MatrixAlgebra.determinant(matrix(DET_END));
      default -> functions ? functionOrAtom() : atom(true, true);
    };
  }

  private Expr group(Kind close) {
    in.next();
    Expr value = enclosedTerm();
    in.expect(close);
    return value;
  }

  private Expr braces() {
    in.expect(L_BRACE);
    Expr value = enclosedTerm();
    if (in.skip(CHOOSE)) {
      value = binomial(value, enclosedTerm());
    }
    in.expect(R_BRACE);
    return value;
  }

  private Expr braced() {
    in.expect(L_BRACE);
    Expr value = enclosedTerm();
    in.expect(R_BRACE);
    return value;
  }

  private Expr absolute(Kind bar) {
    in.next();
    Kind outer = closingBar;
    closingBar = bar;
    Expr value;
    try {
      value = in.nested(this::sum);
    } finally {
      closingBar = outer;
    }
    in.expect(bar);
    return Call.of("abs", value);
  }

  private static Expr binomial(Expr n, Expr k) {
    return Call.of("binomial", n, k);
  }

  /** A fraction, or the derivative that looks like one: d/dx, dy/dx, ∂/∂x. */
  private Expr fraction() {
    in.next();
    int upperStart = in.mark() + 1;
    Expr upper = bracedOrSign();
    List<Token> above = in.tokensFrom(upperStart);
    int lowerStart = in.mark() + 1;
    Expr lower = bracedOrSign();
    List<Token> below = in.tokensFrom(lowerStart);
    Optional<Expr> derivative = derivative(above.subList(0, above.size() - 1), upper, below);
    if (derivative.isPresent()) {
      return derivative.get();
    }
    if (upper == PENDING || lower == PENDING) {
      throw ParseFailure.meaningless("a lone differential sign");
    }
    return MatrixAlgebra.divide(upper, lower);
  }

  /** A braced term; a lone {@code \partial} in braces is only a sign. */
  private Expr bracedOrSign() {
    in.expect(L_BRACE);
    Expr value;
    if (in.is(PARTIAL)) {
      in.next();
      if (!in.is(R_BRACE)) {
        enclosedTerm();
      }
      value = PENDING;
    } else {
      value = enclosedTerm();
    }
    in.expect(R_BRACE);
    return value;
  }

  private Optional<Expr> derivative(List<Token> above, Expr upper, List<Token> belowAndBrace) {
    List<Token> below = belowAndBrace.subList(0, belowAndBrace.size() - 1);
    boolean ordinary = below.size() == 1 && below.get(0).kind() == DIFFERENTIAL;
    boolean partial =
        below.size() == 2 && below.get(0).kind() == PARTIAL && below.get(1).kind() == LETTER;
    if (!ordinary && !partial) {
      return Optional.empty();
    }
    Symbol variable =
        names.exact(ordinary ? SymbolNames.differential(below.get(0).text()) : below.get(1).text());
    boolean lone =
        above.size() == 1
            && (ordinary ? above.get(0).text().equals("d") : above.get(0).kind() == PARTIAL);
    if (lone) {
      return Optional.of(new Expr.Derivative(PENDING, variable));
    }
    if (ordinary && above.size() == 1 && above.get(0).kind() == DIFFERENTIAL) {
      String name = SymbolNames.differential(above.get(0).text());
      return Optional.of(new Expr.Derivative(names.symbolOrConstant(name), variable));
    }
    return Optional.empty();
  }

  private Matrix matrix(Kind end) {
    in.next();
    List<List<Expr>> rows = new ArrayList<>();
    do {
      if (in.is(end) && !rows.isEmpty()) {
        break;
      }
      List<Expr> row = new ArrayList<>();
      do {
        row.add(enclosedTerm());
      } while (in.skip(AMPERSAND));
      rows.add(List.copyOf(row));
    } while (in.skip(ROW_END));
    in.expect(end);
    if (rows.stream().mapToInt(List::size).distinct().count() > 1) {
      throw ParseFailure.meaningless("rows of unequal length");
    }
    return new Matrix(List.copyOf(rows));
  }

  private Expr functionOrAtom() {
    return switch (in.kind()) {
      case FUNCTION -> function();
      case GAMMA -> in.attempt(this::function).orElseGet(() -> atom(true, true));
      case MULTI_FUNCTION -> functionOfSeveral(in.next().text().substring(1));
      case OPERATOR_NAME -> operatorName();
      case EXP_E -> {
        in.next();
        yield in.skip(CARET) ? new Pow(Constant.E, script()) : Constant.E;
      }
      case SQRT -> root();
      case SUM -> iterated(Iterated.Kind.SUM);
      case PROD -> iterated(Iterated.Kind.PRODUCT);
      case INT -> integral();
      case LIM -> limit();
      case LETTER, GREEK, OTHER_SYMBOL, ACCENT ->
          in.attempt(this::application).orElseGet(() -> atom(true, true));
      default -> atom(true, true);
    };
  }

  private Expr function() {
    String name = in.next().text().substring(1);
    return call(name);
  }

  /** A function's scripts and argument, its name having been read. */
  private Expr call(String name) {
    Optional<Expr> base = Optional.empty();
    Optional<Expr> power = Optional.empty();
    while (in.is(UNDERSCORE) && base.isEmpty() || in.is(CARET) && power.isEmpty()) {
      if (in.next().kind() == UNDERSCORE) {
        base = Optional.of(subscript());
      } else {
        power = Optional.of(script());
      }
    }
    Expr argument =
        in.attempt(
                () -> {
                  in.expect(L_PAREN);
                  Expr inside = enclosedTerm();
                  in.expect(R_PAREN);
                  return inside;
                })
            .orElseGet(() -> in.nested(() -> product(false)));
    return Functions.apply(name, base, power, argument);
  }

  private Expr subscript() {
    if (in.skip(L_BRACE)) {
      Expr value = enclosedTerm();
      in.expect(R_BRACE);
      return value;
    }
    return atom(false, false);
  }

  private Expr functionOfSeveral(String name) {
    Optional<Expr> power = Optional.empty();
    while (in.is(UNDERSCORE) || in.is(CARET)) {
      if (in.next().kind() == UNDERSCORE) {
        subscriptText();
      } else {
        power = Optional.of(script());
      }
    }
    in.expect(L_PAREN);
    List<Expr> args = new ArrayList<>();
    do {
      args.add(enclosedTerm());
    } while (in.skip(COMMA));
    in.expect(R_PAREN);
    Expr value = new Call(name, List.copyOf(args));
    return power.isPresent() ? new Pow(value, power.get()) : value;
  }

  private Expr operatorName() {
    in.next();
    in.expect(L_BRACE);
    String name = in.expect(NAME).text();
    in.expect(R_BRACE);
    return switch (name) {
      case "gcd", "lcm" -> functionOfSeveral(name);
      case "floor",
              "ceil",
              "arsinh",
              "arcsinh",
              "arcosh",
              "arccosh",
              "artanh",
              "arctanh",
              "tr",
              "trace" ->
          call(name);
      default -> throw ParseFailure.meaningless("the operator " + name);
    };
  }

  private Expr root() {
    in.next();
    Expr degree = Num.of(2);
    if (in.skip(L_BRACKET)) {
      degree = enclosedTerm();
      in.expect(R_BRACKET);
    }
    Expr base = braced();
    return new Pow(base, Expr.divide(Num.of(1), degree));
  }

  private Expr iterated(Iterated.Kind kind) {
    in.next();
    Optional<Expr> upper = in.is(CARET) ? Optional.of(scriptAfterCaret()) : Optional.empty();
    in.expect(UNDERSCORE);
    in.expect(L_BRACE);
    Expr variable = enclosedTerm();
    if (!in.skip(ASSIGNMENT)) {
      in.expect(EQUAL);
    }
    Expr lower = enclosedTerm();
    in.expect(R_BRACE);
    Expr last = upper.isPresent() ? upper.get() : scriptAfterCaret();
    Expr body = in.nested(() -> product(true));
    if (!(variable instanceof Symbol symbol)) {
      throw ParseFailure.meaningless("a sum over something that is no variable");
    }
    return new Iterated(kind, body, symbol, List.of(lower, last));
  }

  private Expr scriptAfterCaret() {
    in.expect(CARET);
    return script();
  }

  private Expr integral() {
    in.next();
    List<Expr> bounds = List.of();
    if (in.skip(UNDERSCORE)) {
      Expr lower = subscript();
      bounds = List.of(lower, scriptAfterCaret());
    } else if (in.is(CARET)) {
      Expr upper = scriptAfterCaret();
      in.expect(UNDERSCORE);
      bounds = List.of(subscript(), upper);
    }
    boolean outer = stopAtDifferential;
    stopAtDifferential = true;
    Expr body;
    try {
      body = in.is(DIFFERENTIAL) ? Num.of(1) : in.nested(this::sum);
    } finally {
      stopAtDifferential = outer;
    }
    if (in.is(DIFFERENTIAL)) {
      String name = SymbolNames.differential(in.next().text());
      return new Iterated(Iterated.Kind.INTEGRAL, body, names.exact(name), bounds);
    }
    // ∫ dx / x: the differential is a factor somewhere inside.
    for (Symbol symbol : Expr.freeSymbols(body)) {
      if (symbol.name().length() > 1 && symbol.name().startsWith("d")) {
        Expr without = Substitution.replace(body, symbol, Num.of(1));
        return new Iterated(
            Iterated.Kind.INTEGRAL, without, names.exact(symbol.name().substring(1)), bounds);
      }
    }
    return new Iterated(Iterated.Kind.INTEGRAL, body, names.exact("x"), bounds);
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
    Expr point = enclosedTerm();
    boolean below = false;
    if (in.skip(CARET)) {
      in.expect(L_BRACE);
      below = in.next().kind() == SUB;
      in.expect(R_BRACE);
    }
    in.expect(R_BRACE);
    Expr body = in.nested(() -> product(true));
    Symbol variable =
        name.kind() == LETTER
            ? names.exact(name.text())
            : names.exact(SymbolNames.plain(name.text()));
    return new Limit(body, variable, point, !below);
  }

  /**
   * {@code f(x)}: a letter, then one atom in brackets, or several terms. {@code n(n+1)} is a
   * product.
   */
  private Expr application() {
    int start = in.mark();
    in.next();
    if (in.skip(UNDERSCORE)) {
      subscriptText();
    }
    String name = in.textFrom(start).strip();
    Optional<Expr> power = in.is(CARET) ? Optional.of(scriptAfterCaret()) : Optional.empty();
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
              Expr only = atom(true, true);
              if (!in.is(close)) {
                throw new ParseFailure("more than an atom");
              }
              return only;
            });
    if (single.isPresent()) {
      return List.of(single.get());
    }
    List<Expr> args = new ArrayList<>();
    args.add(enclosedTerm());
    in.expect(COMMA);
    while (!in.is(close)) {
      args.add(enclosedTerm());
      if (!in.skip(COMMA)) {
        break;
      }
    }
    return List.copyOf(args);
  }

  /** The smallest thing that has a value. */
  Expr atom(boolean subscripts, boolean powers) {
    return switch (in.kind()) {
      case LETTER, GREEK, OTHER_SYMBOL, ACCENT -> in.nested(() -> named(subscripts, powers));
      case INFTY -> {
        in.next();
        yield new Infinite(1);
      }
      case NUMBER -> {
        Num number = number(in.next().text());
        if (subscripts && in.skip(UNDERSCORE)) {
          subscriptText();
        }
        yield number;
      }
      case E_NOTATION -> number(in.next().text());
      case PERCENT_NUMBER -> {
        String text = in.next().text().replace("\\%", "").replace("%", "").strip();
        yield new Percent(number(text));
      }
      case UPPER_E -> {
        in.next();
        yield names.exact("e");
      }
      case DIFFERENTIAL -> names.exact("d" + SymbolNames.differential(in.next().text()));
      case GAMMA -> {
        in.next();
        yield Constant.EULER_GAMMA;
      }
      case PARTIAL -> throw ParseFailure.meaningless("a lone partial sign");
      default -> throw new ParseFailure("expected a value");
    };
  }

  /** A name without scripts after it, as it stands before {@code =} or {@code ∈}. */
  Expr name() {
    return switch (in.kind()) {
      case LETTER, GREEK, OTHER_SYMBOL, ACCENT -> named(true, true);
      default -> throw new ParseFailure("expected a name");
    };
  }

  private Expr named(boolean subscripts, boolean powers) {
    Token token = in.next();
    String subscript = "";
    Optional<Expr> power = Optional.empty();
    if (subscripts && in.skip(UNDERSCORE)) {
      subscript = subscriptText();
      if (powers && in.is(CARET)) {
        power = Optional.of(scriptAfterCaret());
      }
    } else if (powers && in.is(CARET)) {
      power = in.attempt(this::scriptAfterCaret);
      if (power.isEmpty()) {
        throw new ParseFailure("expected a power");
      }
      if (subscripts && in.skip(UNDERSCORE)) {
        subscript = subscriptText();
      }
    }
    Expr symbol = names.named(token, subscript);
    return power.isPresent() ? new Pow(symbol, power.get()) : symbol;
  }

  /** Reads a subscript for its text only. */
  private String subscriptText() {
    if (in.skip(L_BRACE)) {
      int start = in.mark();
      do {
        enclosedTerm();
      } while (in.skip(COMMA));
      String text = in.textFrom(start).strip();
      in.expect(R_BRACE);
      return text;
    }
    int start = in.mark();
    atom(false, false);
    return in.textFrom(start).strip();
  }

  /** A literal: whole numbers are exact, the others exact but marked as decimal. */
  static Num number(String text) {
    boolean whole = text.chars().allMatch(c -> c >= '0' && c <= '9');
    if (whole && text.length() > MAX_DIGITS || text.length() > 2 * MAX_DIGITS) {
      throw ParseFailure.meaningless("a literal of " + text.length() + " digits");
    }
    BigDecimal value;
    try {
      value = new BigDecimal(text.toUpperCase(Locale.ROOT));
    } catch (NumberFormatException exponentOverflows) {
      throw ParseFailure.meaningless("a literal with an exponent beyond an int");
    }
    if (Math.abs((long) value.scale()) > MAX_DIGITS) {
      throw ParseFailure.meaningless("a literal with an exponent beyond " + MAX_DIGITS);
    }
    return new Num(Rational.of(value), !whole, whole ? 0 : value.precision());
  }
}
