package org.sparklora.reward.math.latex;

import static org.sparklora.reward.math.latex.LatexLexer.Kind.*;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import org.sparklora.reward.math.algebra.Evaluator;
import org.sparklora.reward.math.algebra.Expr;
import org.sparklora.reward.math.algebra.Expr.Call;
import org.sparklora.reward.math.algebra.Expr.Constant;
import org.sparklora.reward.math.algebra.Expr.Infinite;
import org.sparklora.reward.math.algebra.Expr.Matrix;
import org.sparklora.reward.math.algebra.Expr.Num;
import org.sparklora.reward.math.algebra.Expr.Percent;
import org.sparklora.reward.math.algebra.Expr.Pow;
import org.sparklora.reward.math.algebra.Expr.Symbol;
import org.sparklora.reward.math.algebra.MatrixAlgebra;
import org.sparklora.reward.math.algebra.ParseFailure;
import org.sparklora.reward.math.latex.LatexLexer.Kind;
import org.sparklora.reward.math.latex.LatexLexer.Token;
import org.sparklora.reward.math.number.Rational;

/**
 * Reads operands other than functions: names and number literals with their scripts, terms in
 * braces and between bars, binomials, matrices, and fractions. A derivative in the form of a
 * fraction, such as d/dx, waits for the factor after it, which {@link TermParser} supplies.
 */
public final class OperandParser {
  /** Python refuses to convert longer literals to integers, and so does Math-Verify. */
  private static final int MAX_DIGITS = 4300;

  /** Binomials with a larger lower number are computed only if they are compared. */
  private static final Rational MOST_CHOSEN = Rational.of(1000);

  /** Body of a derivative whose operand has not been read. */
  private static final Expr PENDING = Expr.Undefined.NAN;

  private final TokenCursor in;
  private final SymbolNames names;
  private final TermParser terms;

  OperandParser(TokenCursor in, SymbolNames names, TermParser terms) {
    this.in = in;
    this.names = names;
    this.terms = terms;
  }

  /** A name or a number literal. */
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
          in.refuseIfStrict("a subscript of a number");
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
      case DIFFERENTIAL -> names.exact("d" + SymbolNames.plain(in.next().text().substring(1)));
      case GAMMA -> {
        in.next();
        yield Constant.EULER_GAMMA;
      }
      case PARTIAL -> throw ParseFailure.meaningless("a lone partial sign");
      default -> throw new ParseFailure("expected a value");
    };
  }

  /** A name with its scripts, before {@code =} or {@code ∈}. */
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
    }
    if (powers && in.is(CARET)) {
      power = Optional.of(scriptAfterCaret());
      if (subscripts && subscript.isEmpty() && in.skip(UNDERSCORE)) {
        subscript = subscriptText();
      }
    }
    Expr symbol = names.named(token, subscript);
    return power.isPresent() ? new Pow(symbol, power.get()) : symbol;
  }

  /** The exponent after a caret: one atom, or a term in braces. */
  Expr script() {
    return in.is(L_BRACE) ? terms.bracedTerm() : atom(true, true);
  }

  Expr scriptAfterCaret() {
    in.expect(CARET);
    return script();
  }

  /** A subscript with a value: one atom without scripts, or a term in braces. */
  Expr subscript() {
    return in.is(L_BRACE) ? terms.bracedTerm() : atom(false, false);
  }

  /** Reads a subscript as text only. */
  String subscriptText() {
    if (in.skip(L_BRACE)) {
      int start = in.mark();
      do {
        terms.enclosedTerm();
      } while (in.skip(COMMA));
      String text = in.textFrom(start).strip();
      in.expect(R_BRACE);
      return text;
    }
    int start = in.mark();
    atom(false, false);
    return in.textFrom(start).strip();
  }

  /** A literal as an exact number, marked as decimal unless it is whole. */
  public static Num number(String text) {
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

  /** A term in braces, or {@code {n \choose k}}. */
  Expr braces() {
    in.expect(L_BRACE);
    Expr value = terms.enclosedTerm();
    if (in.skip(CHOOSE)) {
      value = binomial(value, terms.enclosedTerm());
    }
    in.expect(R_BRACE);
    return value;
  }

  /** The absolute value between two bars of this kind. */
  Expr absolute(Kind bar) {
    in.next();
    Expr value = terms.sumUpTo(bar);
    in.expect(bar);
    return Call.of("abs", value);
  }

  /** {@code \binom{n}{k}}. */
  Expr binomial() {
    in.next();
    Expr upper = terms.bracedTerm();
    return binomial(upper, terms.bracedTerm());
  }

  /** Math-Verify computes binomials at once, so that {@code 2\binom{5}{2}} is a mixed number. */
  private Expr binomial(Expr upper, Expr lower) {
    if (lower.equals(Num.of(1))) {
      return upper;
    }
    Expr value = Call.of("binomial", upper, lower);
    return lower instanceof Num k && k.value().compareTo(MOST_CHOSEN) <= 0
        ? Evaluator.folded(value, in.budget())
        : value;
  }

  /** Rows of terms, all of one length, up to the end of their environment. */
  Matrix matrix(Kind end) {
    in.next();
    List<List<Expr>> rows = new ArrayList<>();
    do {
      if (in.is(end) && !rows.isEmpty()) {
        break;
      }
      List<Expr> row = new ArrayList<>();
      do {
        row.add(terms.enclosedTerm());
      } while (in.skip(AMPERSAND));
      rows.add(List.copyOf(row));
    } while (in.skip(ROW_END));
    in.expect(end);
    if (rows.stream().mapToInt(List::size).distinct().count() > 1) {
      throw ParseFailure.meaningless("rows of unequal length");
    }
    return new Matrix(List.copyOf(rows));
  }

  /** Whether {@code expr} is a derivative sign whose operand has not been read. */
  static boolean isPendingDerivative(Expr expr) {
    return expr instanceof Expr.Derivative derivative && derivative.body() == PENDING;
  }

  /** A fraction, or a derivative in the form of one: d/dx, dy/dx, ∂/∂x. */
  Expr fraction() {
    in.next();
    int upperStart = in.mark() + 1;
    Expr upper = bracedOrSign();
    List<Token> above = in.tokensFrom(upperStart);
    int lowerStart = in.mark() + 1;
    Expr lower = bracedOrSign();
    List<Token> below = in.tokensFrom(lowerStart);
    Optional<Expr> derivative = derivative(above.subList(0, above.size() - 1), below);
    if (derivative.isPresent()) {
      return derivative.get();
    }
    if (upper == PENDING || lower == PENDING) {
      throw ParseFailure.meaningless("a lone differential sign");
    }
    return MatrixAlgebra.divide(upper, lower);
  }

  /** A braced term; a single {@code \partial} in braces is a sign only. */
  private Expr bracedOrSign() {
    in.expect(L_BRACE);
    boolean sign = in.skip(PARTIAL);
    Expr value = sign && in.is(R_BRACE) ? PENDING : terms.enclosedTerm();
    in.expect(R_BRACE);
    return sign ? PENDING : value;
  }

  private Optional<Expr> derivative(List<Token> above, List<Token> belowAndBrace) {
    List<Token> below = belowAndBrace.subList(0, belowAndBrace.size() - 1);
    boolean ordinary = below.size() == 1 && below.get(0).kind() == DIFFERENTIAL;
    boolean partial =
        below.size() == 2 && below.get(0).kind() == PARTIAL && below.get(1).kind() == LETTER;
    if (!ordinary && !partial) {
      return Optional.empty();
    }
    String name = ordinary ? below.get(0).text().substring(1) : below.get(1).text();
    Symbol variable = names.exact(SymbolNames.plain(name));
    String sign = ordinary ? "d" : "\\partial";
    String text = above.stream().map(Token::text).collect(Collectors.joining(" "));
    if (!text.startsWith(sign)) {
      return Optional.empty();
    }
    String body = text.substring(sign.length());
    return Optional.of(new Expr.Derivative(body.isBlank() ? PENDING : answer(body), variable));
  }

  /** The text after a differential sign, which Math-Verify reads by itself. */
  private Expr answer(String text) {
    return in.isStrict()
        ? LatexParser.parseStrictly(text, in.budget())
        : LatexParser.parse(text, names.real(), in.budget());
  }
}
