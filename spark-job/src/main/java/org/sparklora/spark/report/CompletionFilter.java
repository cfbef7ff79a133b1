package org.sparklora.spark.report;

import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.sparklora.pipeline.table.LoggedCompletion;

/**
 * Which completions are looked for. {@code completions.js} has the same rules for a page without a
 * server.
 *
 * @param reward the reward function that verdict and bounds are about; empty: the table's first
 * @param verdict one of {@link #verdict(double)}; empty: any
 * @param least of the reward; empty: any
 * @param most likewise
 * @param step empty: any
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
   * The filter that a page asks with.
   *
   * @throws NumberFormatException where a number is none
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

  /** Whether the numbers of a row are looked for. */
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

  /** Whether its texts are. */
  boolean matchesText(LoggedCompletion row) {
    return !hasText()
        || row.prompt().stream().anyMatch(this::contains)
        || row.completion().stream().anyMatch(this::contains);
  }

  private boolean contains(LoggedCompletion.Turn turn) {
    return turn.content().toLowerCase(Locale.ROOT).contains(text);
  }

  /** What a reward says: judges of answers give 1 or 0, and nothing where they cannot judge. */
  static String verdict(double reward) {
    if (Double.isNaN(reward)) {
      return "unjudged";
    }
    return reward >= 1 ? "correct" : reward > 0 ? "partial" : "wrong";
  }
}
