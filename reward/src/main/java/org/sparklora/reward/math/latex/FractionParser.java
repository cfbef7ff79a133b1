package org.sparklora.reward.math.latex;

import static org.sparklora.reward.math.latex.LatexLexer.Kind.*;

import java.util.List;
import java.util.Optional;
import org.sparklora.reward.math.algebra.Expr;
import org.sparklora.reward.math.algebra.Expr.Symbol;
import org.sparklora.reward.math.algebra.MatrixAlgebra;
import org.sparklora.reward.math.algebra.ParseFailure;
import org.sparklora.reward.math.latex.LatexLexer.Token;

/**
 * Reads fractions and the derivatives written like fractions. A derivative sign such as d/dx waits
 * for the factor after it, which {@link TermParser} supplies.
 */
final class FractionParser {
  /** Body of a derivative whose operand has not been read. */
  private static final Expr PENDING = Expr.Undefined.NAN;

  private final TokenCursor in;
  private final SymbolNames names;
  private final TermParser terms;

  FractionParser(TokenCursor in, SymbolNames names, TermParser terms) {
    this.in = in;
    this.names = names;
    this.terms = terms;
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
    Expr value;
    if (in.is(PARTIAL)) {
      in.next();
      if (!in.is(R_BRACE)) {
        terms.enclosedTerm();
      }
      value = PENDING;
    } else {
      value = terms.enclosedTerm();
    }
    in.expect(R_BRACE);
    return value;
  }

  private Optional<Expr> derivative(List<Token> above, List<Token> belowAndBrace) {
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
}
