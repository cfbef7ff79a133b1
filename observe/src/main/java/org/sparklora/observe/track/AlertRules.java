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
import java.util.function.Function;
import java.util.function.Predicate;
import org.sparklora.observe.track.sink.Alert;
import org.sparklora.observe.track.sink.Alert.Level;

/**
 * Checks the log rows of a run for signs of failure. A rule raises an alert when its bound is
 * passed, and again only after a row within the bound. Means are over {@link #WINDOW} rows. {@code
 * docs/tracking.md} lists the rules.
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
  private static final List<String> LOSSES = List.of("loss", "grad_norm");
  private static final String REWARD = "reward";
  private static final String DRIFT = "sampling/sampling_logp_difference/mean";

  private final List<Rule> rules;
  private final Set<Rule> raised = new HashSet<>();

  /**
   * @param maxLogProbDifference {@code max_logprob_difference}, at which the run stops
   */
  AlertRules(double maxLogProbDifference) {
    this.rules =
        List.of(
            new Rule(row -> LOSSES.stream().anyMatch(row::containsKey), AlertRules::infinite),
            ofMean(
                REWARD,
                (best, mean, value) -> Double.isNaN(best) || mean > best ? mean : best,
                (mean, best) ->
                    best - mean >= Math.max(LOST_SHARE * Math.abs(best), LEAST_LOSS_OF_REWARD),
                "Reward collapsed",
                "the mean of %d rows is %.4g and was %.4g: lower learning_rate, raise beta, or look at the completions"),
            ofMean(
                "frac_reward_zero_std",
                (none, mean, value) -> none,
                (mean, none) -> mean >= 1,
                "Nothing to learn from",
                "in %d rows no two completions of a prompt were worth a different reward: the prompts are too hard or too easy, or the reward does not fit them"),
            ofMean(
                "entropy",
                (first, mean, value) -> Double.isNaN(first) ? mean : first,
                (mean, first) -> mean < DEAD_SHARE * first,
                "Entropy died",
                "the mean of %d rows is %.4g nats and was %.4g at first: the model repeats itself; lower learning_rate or raise temperature"),
            ofMean(
                "entropy",
                (first, mean, value) -> Double.isNaN(first) ? value : first,
                (mean, first) -> mean > RISEN_FACTOR * first && mean > first + LEAST_RISE_NATS,
                "Entropy exploded",
                "the mean of %d rows is %.4g nats and was %.4g at first: the model writes at random; lower learning_rate"),
            Rule.of("completions/not_judged", AlertRules::unjudged),
            Rule.of(DRIFT, row -> drift(row, DRIFT_SHARE * maxLogProbDifference)));
  }

  /** Adds a row and returns the alerts that it raises. */
  List<Alert> check(Map<String, ?> row) {
    List<Alert> alerts = new ArrayList<>();
    for (Rule rule : rules) {
      if (rule.concerns().test(row)) {
        Optional<Alert> breach = rule.breach().apply(row);
        if (breach.isEmpty()) {
          raised.remove(rule);
        } else if (raised.add(rule)) {
          alerts.add(breach.get());
        }
      }
    }
    return alerts;
  }

  /**
   * A rule.
   *
   * @param concerns whether a row has values that the rule checks
   * @param breach the alert of such a row, if it passes the bound
   */
  private record Rule(
      Predicate<Map<String, ?>> concerns, Function<Map<String, ?>, Optional<Alert>> breach) {

    /** A rule for rows that have a number of this metric. */
    static Rule of(String metric, Function<Map<String, ?>, Optional<Alert>> breach) {
      return new Rule(row -> row.get(metric) instanceof Number, breach);
    }
  }

  private static double number(Map<String, ?> row, String metric) {
    return row.get(metric) instanceof Number number ? number.doubleValue() : Double.NaN;
  }

  private static Optional<Alert> alert(
      boolean raised, Level level, String title, String text, Object... values) {
    return raised
        ? Optional.of(new Alert(level, title, String.format(Locale.ROOT, text, values)))
        : Optional.empty();
  }

  private static Optional<Alert> infinite(Map<String, ?> row) {
    return LOSSES.stream()
        .filter(name -> row.get(name) instanceof Number && !Double.isFinite(number(row, name)))
        .findFirst()
        .flatMap(
            name ->
                alert(
                    true,
                    Level.ERROR,
                    "Loss is not finite",
                    "%s is %s: lower learning_rate, or go on from an earlier checkpoint",
                    name,
                    row.get(name)));
  }

  private static Optional<Alert> unjudged(Map<String, ?> row) {
    return alert(
        Double.isNaN(number(row, REWARD)),
        Level.ERROR,
        "Nothing is judged",
        "no completion got a reward, so nothing is learnt: look at what the reward functions read of a row");
  }

  private static Optional<Alert> drift(Map<String, ?> row, double bound) {
    boolean isOld = number(row, "sample/staleness_max") > 0; // drawn by an earlier policy
    return alert(
        !isOld && !(number(row, DRIFT) <= bound), // raised for NaN, too
        Level.WARN,
        "Sampler and learner drift apart",
        "they differ by %.3g in a token's log-probability, on average, beyond %.3g; the run stops at twice that",
        number(row, DRIFT),
        bound);
  }

  /** The reference of a mean after a row. */
  private interface Reference {
    double after(double before, double mean, double value);
  }

  private interface Bound {
    boolean isPassed(double mean, double reference);
  }

  /**
   * A rule for the mean of the last {@link #WINDOW} values, NaN until there are so many, and a
   * reference from the rows so far, NaN at first.
   *
   * @param text shows the number of rows, their mean and the reference
   */
  private static Rule ofMean(
      String metric, Reference reference, Bound bound, String title, String text) {
    Deque<Double> window = new ArrayDeque<>();
    double[] before = {Double.NaN};
    return Rule.of(
        metric,
        row -> {
          window.add(number(row, metric));
          if (window.size() > WINDOW) {
            window.remove();
          }
          double mean =
              window.size() < WINDOW
                  ? Double.NaN
                  : window.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
          before[0] = reference.after(before[0], mean, number(row, metric));
          return alert(
              bound.isPassed(mean, before[0]), Level.WARN, title, text, WINDOW, mean, before[0]);
        });
  }
}
