package org.sparklora.sweep.finding;

import java.util.Optional;
import java.util.function.ToDoubleFunction;

/**
 * A claim of a finding: the formula of a number, and the words of its verdict.
 *
 * @param quantity the number in a few words
 * @param blog the blog's value, as text
 * @param from lower bound of the values for which the finding holds, itself excluded if {@code to}
 *     is infinite; infinite for none
 * @param to upper bound; infinite for none
 * @param obstacle why the trials do not decide; empty if they may
 * @param formula the number in a draw; NaN if undefined
 */
record FindingRule(
    String quantity,
    String blog,
    double from,
    double to,
    Optional<String> obstacle,
    ToDoubleFunction<Draw> formula) {

  /** The lower bound of positive values, which texts show as 0. */
  static final double ABOVE_ZERO = Double.MIN_NORMAL;

  /** The obstacle {@code reason}, unless there are trials enough. */
  static Optional<String> unless(boolean enough, String reason) {
    return enough ? Optional.empty() : Optional.of(reason);
  }

  Conclusion verdict(int seeds) {
    return obstacle
        .map(reason -> Conclusion.undecided(this, seeds, reason))
        .orElseGet(
            () ->
                Conclusion.of(
                    this,
                    formula.applyAsDouble(Draw.measured(seeds)),
                    Bootstrap.of(seeds, formula),
                    seeds));
  }

  /** Whether a value is the bound of a rule that holds above it. */
  boolean isExcluded(double value) {
    return value == from && Double.isInfinite(to);
  }

  /** {@code from 5.0 to 20}, {@code above 0}, {@code up to 0.10}. */
  String range() {
    return Double.isInfinite(to)
        ? "above " + bounds()
        : Double.isInfinite(from)
            ? "up to " + bounds()
            : "from " + Conclusion.number(from) + " to " + Conclusion.number(to);
  }

  String bounds() {
    if (Double.isInfinite(to)) {
      return Conclusion.number(from == ABOVE_ZERO ? 0 : from);
    }
    return Double.isInfinite(from)
        ? Conclusion.number(to)
        : Conclusion.number(from) + " or " + Conclusion.number(to);
  }
}
