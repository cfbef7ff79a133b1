package org.sparklora.observe.report;

import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.sparklora.pipeline.table.LoggedCompletion;

/**
 * A search for completions. {@code completions.js} has the same rules for a page without a server.
 *
 * @param reward the reward function that verdict and bounds refer to; empty: the table's first
 * @param verdict one of {@link #verdict(double)}; empty: any
 * @param least smallest reward; empty: any
 * @param most largest reward; empty: any
 * @param step of the completion; empty: any
 * @param text to be found in prompt or completion, in lower case; empty: any
 */
record CompletionFilter(
    String reward,
    String verdict,
    OptionalDouble least,
    OptionalDouble most,
    OptionalInt step,
    String text) {

  /**
   * The filter of a page's query.
   *
   * @throws NumberFormatException if a number cannot be parsed
   */
  static CompletionFilter of(Map<String, String> query) {
    String step = query.getOrDefault("step", "");
    return new CompletionFilter(
        query.getOrDefault("reward", ""),
        query.getOrDefault("verdict", ""),
        number(query.getOrDefault("least", "")),
        number(query.getOrDefault("most", "")),
        step.isEmpty() ? OptionalInt.empty() : OptionalInt.of(Integer.parseInt(step)),
        query.getOrDefault("text", "").toLowerCase(Locale.ROOT));
  }

  private static OptionalDouble number(String text) {
    return text.isEmpty() ? OptionalDouble.empty() : OptionalDouble.of(Double.parseDouble(text));
  }

  boolean hasText() {
    return !text.isEmpty();
  }

  boolean matchesNumbers(LoggedCompletion row) {
    double value =
        reward.isEmpty()
            ? row.rewards().values().stream().findFirst().orElse(Double.NaN)
            : row.rewards().getOrDefault(reward, Double.NaN);
    boolean bounded = least.isPresent() || most.isPresent();
    return (step.isEmpty() || step.getAsInt() == row.step())
        && (verdict.isEmpty() || verdict.equals(verdict(value)))
        && (!bounded
            || value >= least.orElse(-Double.MAX_VALUE) && value <= most.orElse(Double.MAX_VALUE));
  }

  boolean matchesText(LoggedCompletion row) {
    return !hasText()
        || row.prompt().stream().anyMatch(this::contains)
        || row.completion().stream().anyMatch(this::contains);
  }

  private boolean contains(LoggedCompletion.Turn turn) {
    return turn.content().toLowerCase(Locale.ROOT).contains(text);
  }

  /** The verdict of a reward: judges of answers give 1 or 0, or NaN if they cannot judge. */
  static String verdict(double reward) {
    if (Double.isNaN(reward)) {
      return "unjudged";
    }
    return reward >= 1 ? "correct" : reward > 0 ? "partial" : "wrong";
  }
}
