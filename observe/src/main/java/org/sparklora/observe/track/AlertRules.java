package org.sparklora.observe.track;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.sparklora.observe.track.sink.Alert;

/**
 * Checks the log rows of a run for signs of failure. A rule raises an alert when its bound is
 * passed, and again only after a row within the bound. Means are over {@link #WINDOW} rows.
 *
 * <table>
 *   <caption>Rules</caption>
 *   <tr><th>alert</th><th>raised when</th></tr>
 *   <tr><td>Loss is not finite</td><td>{@code loss} or {@code grad_norm} is NaN or infinite</td></tr>
 *   <tr><td>Reward collapsed</td><td>the mean {@code reward} has lost half of the best mean so far,
 *       and at least 0.1</td></tr>
 *   <tr><td>Nothing to learn from</td><td>{@code frac_reward_zero_std} is 1 in every row of a window:
 *       all completions of every prompt have the same reward</td></tr>
 *   <tr><td>Entropy died</td><td>the mean {@code entropy} is below a tenth of the first mean</td></tr>
 *   <tr><td>Entropy exploded</td><td>the mean {@code entropy} is over 3 times that of the first row,
 *       and 2 nats above it</td></tr>
 *   <tr><td>Nothing is judged</td><td>a row with {@code completions/not_judged} has no {@code
 *       reward}</td></tr>
 *   <tr><td>Sampler and learner drift apart</td><td>{@code sampling/sampling_logp_difference/mean} is
 *       beyond half of {@code max_logprob_difference}, at which the run stops, and the policy that
 *       drew is the one trained</td></tr>
 * </table>
 *
 * <p>Not thread-safe.
 */
final class AlertRules {
  static final int WINDOW = 5;

  private static final double LOST_SHARE = 0.5;
  private static final double LEAST_LOSS_OF_REWARD = 0.1;
  private static final double DEAD_SHARE = 0.1;
  private static final double RISEN_FACTOR = 3;
  private static final double LEAST_RISE_NATS = 2;
  private static final double DRIFT_SHARE = 0.5;

  private final List<Rule> rules;
  private final Set<Rule> raised = new HashSet<>();

  /**
   * @param maxLogProbDifference {@code max_logprob_difference}, at which the run stops
   */
  AlertRules(double maxLogProbDifference) {
    this.rules =
        List.of(
            new FiniteLoss(),
            new OfMean(
                "reward",
                (best, mean, value) -> Double.isNaN(best) || mean > best ? mean : best,
                (mean, best) ->
                    best - mean >= Math.max(LOST_SHARE * Math.abs(best), LEAST_LOSS_OF_REWARD),
                "Reward collapsed",
                "the mean of %d rows is %.4g and was %.4g: lower learning_rate, raise beta, or look at the completions"),
            new OfMean(
                "frac_reward_zero_std",
                (none, mean, value) -> none,
                (mean, none) -> mean >= 1,
                "Nothing to learn from",
                "in %d rows no two completions of a prompt were worth a different reward: the prompts are too hard or too easy, or the reward does not fit them"),
            new OfMean(
                "entropy",
                (first, mean, value) -> Double.isNaN(first) ? mean : first,
                (mean, first) -> mean < DEAD_SHARE * first,
                "Entropy died",
                "the mean of %d rows is %.4g nats and was %.4g at first: the model repeats itself; lower learning_rate or raise temperature"),
            new OfMean(
                "entropy",
                (first, mean, value) -> Double.isNaN(first) ? value : first,
                (mean, first) -> mean > RISEN_FACTOR * first && mean > first + LEAST_RISE_NATS,
                "Entropy exploded",
                "the mean of %d rows is %.4g nats and was %.4g at first: the model writes at random; lower learning_rate"),
            new JudgedCompletions(),
            new OnePolicy(DRIFT_SHARE * maxLogProbDifference));
  }

  /** Adds a row and returns the alerts that it raises. */
  List<Alert> check(Map<String, ?> row) {
    List<Alert> alerts = new ArrayList<>();
    for (Rule rule : rules) {
      if (rule.concerns(row)) {
        Optional<Alert> breach = rule.breach(row);
        if (breach.isEmpty()) {
          raised.remove(rule);
        } else if (raised.add(rule)) {
          alerts.add(breach.get());
        }
      }
    }
    return alerts;
  }

  private interface Rule {
    boolean concerns(Map<String, ?> row);

    Optional<Alert> breach(Map<String, ?> row);
  }

  private static Optional<Alert> alert(
      boolean raised, Alert.Level level, String title, String text, Object... values) {
    return raised
        ? Optional.of(new Alert(level, title, String.format(Locale.ROOT, text, values)))
        : Optional.empty();
  }

  private static final class FiniteLoss implements Rule {
    private static final List<String> NAMES = List.of("loss", "grad_norm");

    @Override
    public boolean concerns(Map<String, ?> row) {
      return NAMES.stream().anyMatch(row::containsKey);
    }

    @Override
    public Optional<Alert> breach(Map<String, ?> row) {
      return NAMES.stream()
          .filter(name -> row.get(name) instanceof Number n && !Double.isFinite(n.doubleValue()))
          .findFirst()
          .flatMap(
              name ->
                  alert(
                      true,
                      Alert.Level.ERROR,
                      "Loss is not finite",
                      "%s is %s: lower learning_rate, or go on from an earlier checkpoint",
                      name,
                      row.get(name)));
    }
  }

  /** A rule for rows that have a certain metric. */
  private abstract static class OfMetric implements Rule {
    private final String metric;

    OfMetric(String metric) {
      this.metric = metric;
    }

    @Override
    public final boolean concerns(Map<String, ?> row) {
      return row.get(metric) instanceof Number;
    }

    final double number(Map<String, ?> row) {
      return ((Number) row.get(metric)).doubleValue();
    }
  }

  /**
   * A rule for the mean of the last {@link #WINDOW} values, NaN until there are so many, and a
   * reference from the rows so far, NaN at first.
   */
  private static final class OfMean extends OfMetric {
    private final Deque<Double> window = new ArrayDeque<>();
    private final Reference reference;
    private final Bound bound;
    private final String title;
    private final String text;
    private double before = Double.NaN;

    /** The reference after a row. */
    private interface Reference {
      double after(double before, double mean, double value);
    }

    private interface Bound {
      boolean isPassed(double mean, double reference);
    }

    /**
     * @param text shows the number of rows, their mean and the reference
     */
    OfMean(String metric, Reference reference, Bound bound, String title, String text) {
      super(metric);
      this.reference = reference;
      this.bound = bound;
      this.title = title;
      this.text = text;
    }

    @Override
    public Optional<Alert> breach(Map<String, ?> row) {
      window.add(number(row));
      if (window.size() > WINDOW) {
        window.remove();
      }
      double mean =
          window.size() < WINDOW
              ? Double.NaN
              : window.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
      before = reference.after(before, mean, number(row));
      return alert(
          bound.isPassed(mean, before), Alert.Level.WARN, title, text, WINDOW, mean, before);
    }
  }

  private static final class JudgedCompletions extends OfMetric {
    private static final String NAME = "reward";

    JudgedCompletions() {
      super("completions/not_judged");
    }

    @Override
    public Optional<Alert> breach(Map<String, ?> row) {
      return alert(
          !(row.get(NAME) instanceof Number reward) || Double.isNaN(reward.doubleValue()),
          Alert.Level.ERROR,
          "Nothing is judged",
          "no completion got a reward, so nothing is learnt: look at what the reward functions read of a row");
    }
  }

  private static final class OnePolicy extends OfMetric {
    private final double bound;

    OnePolicy(double bound) {
      super("sampling/sampling_logp_difference/mean");
      this.bound = bound;
    }

    @Override
    public Optional<Alert> breach(Map<String, ?> row) {
      double difference = number(row);
      boolean isOld =
          row.get("sample/staleness_max") instanceof Number steps && steps.doubleValue() > 0;
      return alert(
          !isOld && !(difference <= bound), // raised for NaN, too
          Alert.Level.WARN,
          "Sampler and learner drift apart",
          "they differ by %.3g in a token's log-probability, on average, beyond %.3g; the run stops at twice that",
          difference,
          bound);
    }
  }
}
