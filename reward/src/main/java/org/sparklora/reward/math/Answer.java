package org.sparklora.reward.math;

import java.util.Optional;

/**
 * What was extracted from a text: the expression if it could be parsed, and the cleaned text that
 * stands in for it otherwise.
 *
 * @param expression empty when the text is not an expression
 * @param words further strings to compare, in order: the cleaned text; for string extraction the
 *     key as compared and the key as found
 */
record Answer(Optional<Expr> expression, java.util.List<String> words) {
  static final Answer NONE = new Answer(Optional.empty(), java.util.List.of());

  boolean isEmpty() {
    return expression.isEmpty() && words.isEmpty();
  }

  /** For reports: the expression as text, or the words. */
  String describe() {
    return expression.map(ExprPrinter::print).orElseGet(() -> words.isEmpty() ? "" : words.get(0));
  }
}
