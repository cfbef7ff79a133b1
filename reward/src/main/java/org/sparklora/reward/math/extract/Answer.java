package org.sparklora.reward.math.extract;

import java.util.List;
import java.util.Optional;
import org.sparklora.reward.math.algebra.Expr;
import org.sparklora.reward.math.algebra.ExprPrinter;

/**
 * The answer extracted from a text: the expression, if it could be parsed, and the cleaned text
 * that is compared otherwise.
 *
 * @param expression empty when the text is not an expression
 * @param words strings to compare as well, in order: the cleaned text; for a text that was looked
 *     for, the text as compared and as found
 */
public record Answer(Optional<Expr> expression, List<String> words) {
  public static final Answer NONE = new Answer(Optional.empty(), List.of());

  /** Whether the answer is a text that was looked for, and not mathematics. */
  boolean isKey() {
    return words.size() == 2;
  }

  public boolean isEmpty() {
    return expression.isEmpty() && words.isEmpty();
  }

  /** The expression as text, or the first of the words, for reports. */
  public String describe() {
    return expression.map(ExprPrinter::print).orElseGet(() -> words.isEmpty() ? "" : words.get(0));
  }
}
