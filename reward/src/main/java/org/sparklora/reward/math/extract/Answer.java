package org.sparklora.reward.math.extract;

import java.util.Optional;
import org.sparklora.reward.math.algebra.Expr;
import org.sparklora.reward.math.algebra.ExprPrinter;

/**
 * What was extracted from a text: the expression if it could be parsed, and the cleaned text that
 * stands in for it otherwise.
 *
 * @param expression empty when the text is not an expression
 * @param words further strings to compare, in order: the cleaned text; for string extraction the
 *     key as compared and the key as found
 */
public record Answer(Optional<Expr> expression, java.util.List<String> words) {
  public static final Answer NONE = new Answer(Optional.empty(), java.util.List.of());

  public boolean isEmpty() {
    return expression.isEmpty() && words.isEmpty();
  }

  /** For reports: the expression as text, or the words. */
  public String describe() {
    return expression.map(ExprPrinter::print).orElseGet(() -> words.isEmpty() ? "" : words.get(0));
  }
}
