package org.sparklora.reward.math.latex;

import static org.sparklora.reward.math.latex.LatexLexer.Kind.*;

import java.math.BigDecimal;
import java.util.Locale;
import java.util.Optional;
import org.sparklora.reward.math.algebra.Expr;
import org.sparklora.reward.math.algebra.Expr.Constant;
import org.sparklora.reward.math.algebra.Expr.Infinite;
import org.sparklora.reward.math.algebra.Expr.Num;
import org.sparklora.reward.math.algebra.Expr.Percent;
import org.sparklora.reward.math.algebra.Expr.Pow;
import org.sparklora.reward.math.algebra.ParseFailure;
import org.sparklora.reward.math.latex.LatexLexer.Token;
import org.sparklora.reward.math.number.Rational;

/** Reads atoms (names and number literals) and their scripts. */
public final class AtomParser {
  /** Python refuses to convert longer literals to integers, and so does Math-Verify. */
  private static final int MAX_DIGITS = 4300;

  private final TokenCursor in;
  private final SymbolNames names;
  private final TermParser terms;

  AtomParser(TokenCursor in, SymbolNames names, TermParser terms) {
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
      case DIFFERENTIAL -> names.exact("d" + SymbolNames.differential(in.next().text()));
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

  /** A literal: whole numbers are exact; others are exact too, but marked as decimal. */
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
}
