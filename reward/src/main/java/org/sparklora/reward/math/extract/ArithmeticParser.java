package org.sparklora.reward.math.extract;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.sparklora.reward.math.algebra.Expr;
import org.sparklora.reward.math.algebra.ParseFailure;
import org.sparklora.reward.math.latex.OperandParser;
import org.sparklora.reward.math.number.AlgebraLimit;

/** Parses arithmetic in plain text, as Python reads it: {@code (3+4)*2^3/5}. */
final class ArithmeticParser {
  private final String text;
  private final AlgebraLimit budget;
  private int at;
  private int depth;
  private int wraps;

  private ArithmeticParser(String text, AlgebraLimit budget) {
    this.text = text;
    this.budget = budget;
  }

  static Optional<Expr> parse(String text, AlgebraLimit budget) {
    ArithmeticParser parser = new ArithmeticParser(text.strip().replace("**", "^"), budget);
    try {
      Expr value = parser.sum();
      return parser.peek() == 0 ? Optional.of(value) : Optional.empty();
    } catch (ParseFailure failure) {
      return Optional.empty();
    }
  }

  private char peek() {
    while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
      at++;
    }
    return at < text.length() ? text.charAt(at) : 0;
  }

  private boolean skip(char c) {
    budget.step();
    if (peek() != c) {
      return false;
    }
    at++;
    return true;
  }

  private Expr sum() {
    List<Expr> terms = new ArrayList<>(List.of(product()));
    while (true) {
      if (skip('+')) {
        terms.add(product());
      } else if (skip('-')) {
        terms.add(Expr.negate(product()));
      } else {
        return terms.size() == 1 ? terms.get(0) : new Expr.Add(List.copyOf(terms));
      }
    }
  }

  private Expr product() {
    Expr left = signed();
    while (true) {
      if (skip('*')) {
        left = Expr.times(left, signed());
      } else if (skip('/')) {
        left = divided(left, signed());
      } else {
        return left;
      }
    }
  }

  /** Quotients nest without brackets: {@code 1/2/3/…}. */
  private Expr divided(Expr left, Expr right) {
    Expr quotient = Expr.divide(left, right);
    if (quotient instanceof Expr.Mul
        && left instanceof Expr.Mul
        && ++wraps > AlgebraLimit.MAX_DEPTH) {
      throw new AlgebraLimit.Exceeded(
          "more than " + AlgebraLimit.MAX_DEPTH + " operators on one another");
    }
    return quotient;
  }

  private Expr signed() {
    if (++depth > AlgebraLimit.MAX_DEPTH) {
      throw new AlgebraLimit.Exceeded("nested deeper than " + AlgebraLimit.MAX_DEPTH);
    }
    try {
      if (skip('-')) {
        return Expr.negate(signed());
      }
      return skip('+') ? signed() : power();
    } finally {
      depth--;
    }
  }

  private Expr power() {
    Expr base = atom();
    return skip('^') ? new Expr.Pow(base, signed()) : base;
  }

  private Expr atom() {
    if (skip('(')) {
      Expr inside = sum();
      if (!skip(')')) {
        throw new ParseFailure("an open bracket");
      }
      return inside;
    }
    peek();
    int start = at;
    while (at < text.length() && (Character.isDigit(text.charAt(at)) || text.charAt(at) == '.')) {
      at++;
    }
    String number = text.substring(start, at);
    if (!number.matches("\\d+\\.?\\d*|\\.\\d+")) {
      throw new ParseFailure("no number");
    }
    if (number.matches("0+[1-9]\\d*")) {
      throw new ParseFailure("a leading zero, which Python refuses");
    }
    return OperandParser.number(number.endsWith(".") ? number + "0" : number);
  }
}
