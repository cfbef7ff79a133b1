package org.sparklora.reward.math.latex;

import static org.sparklora.reward.math.latex.LatexLexer.Kind.*;

import java.util.ArrayList;
import java.util.List;
import org.sparklora.reward.math.algebra.Expr;
import org.sparklora.reward.math.algebra.Expr.Call;
import org.sparklora.reward.math.algebra.Expr.Matrix;
import org.sparklora.reward.math.algebra.ParseFailure;
import org.sparklora.reward.math.latex.LatexLexer.Kind;

/** Reads terms in brackets and between bars, binomials, and matrices. */
final class BracketParser {
  private final TokenCursor in;
  private final TermParser terms;

  BracketParser(TokenCursor in, TermParser terms) {
    this.in = in;
    this.terms = terms;
  }

  /** A term in braces, or {@code {n \choose k}}. */
  Expr braces() {
    in.expect(L_BRACE);
    Expr value = terms.enclosedTerm();
    if (in.skip(CHOOSE)) {
      value = Call.of("binomial", value, terms.enclosedTerm());
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
    return Call.of("binomial", upper, terms.bracedTerm());
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
}
