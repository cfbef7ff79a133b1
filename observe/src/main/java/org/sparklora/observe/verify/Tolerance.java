package org.sparklora.observe.verify;

import java.util.List;
import java.util.Locale;
import org.sparklora.pipeline.config.ConfigException;

/**
 * The allowed difference between a value and the recorded one: {@code |found − expected| ≤ absolute
 * + relative · |expected|}.
 */
record Tolerance(double absolute, double relative) {
  private static final Tolerance EXACT = new Tolerance(0, 0);

  /** For values of a formula: only the last digits may differ. */
  private static final Tolerance COMPUTED = new Tolerance(0, 1e-9);

  /**
   * For measured values. The same seed gives the same bits on the same CPU; other CPUs round
   * differently, and training amplifies that, by up to a hundredth of the loss in our runs.
   */
  private static final Tolerance MEASURED = new Tolerance(1e-6, 0.02);

  private static final Tolerance GRADIENT = new Tolerance(1e-6, 0.1);

  /** For shares of tokens. */
  private static final Tolerance SHARE = new Tolerance(0.02, 0);

  /** For rewards and lengths of sampled completions: one different token changes all later ones. */
  private static final Tolerance SAMPLED = new Tolerance(0.1, 0.1);

  private static final List<String> SAMPLED_NAMES =
      List.of(
          "reward",
          "rewards/",
          "frac_reward_",
          "completions/",
          "groups/",
          "dynamic_sampling/",
          "kl",
          "clip_ratio/",
          "sampling/");

  Tolerance {
    ConfigException.require(
        absolute >= 0 && relative >= 0,
        "tolerance",
        absolute + " + " + relative,
        "neither part may be negative");
  }

  /** The default for a metric in a new baseline, whose file may be edited. */
  static Tolerance usual(String metric) {
    String name = metric.startsWith("eval_") ? metric.substring("eval_".length()) : metric;
    if (SAMPLED_NAMES.stream().anyMatch(name::startsWith)) {
      return SAMPLED;
    }
    return switch (name) {
      case "num_tokens" -> EXACT;
      case "learning_rate", "epoch", "total_flos" -> COMPUTED;
      case "grad_norm" -> GRADIENT;
      case "mean_token_accuracy" -> SHARE;
      default -> MEASURED;
    };
  }

  double of(double expected) {
    return absolute + relative * Math.abs(expected);
  }

  boolean allows(double expected, double found) {
    return Math.abs(found - expected) <= of(expected); // false for NaN
  }

  @Override
  public String toString() {
    return String.format(Locale.ROOT, "%.3g + %.3g·|expected|", absolute, relative);
  }
}
