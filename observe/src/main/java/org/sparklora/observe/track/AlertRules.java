package org.sparklora.observe.track;

import org.sparklora.observe.track.sink.Alert;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;

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
 *       beyond half of {@code max_logprob_difference}, at which the run stops</td></tr>
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
            new LastingReward(),
            new DifferingRewards(),
            new LivingEntropy(),
            new BoundedEntropy(),
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

  private static Optional<Alert> alert(
      boolean raised, Alert.Level level, String title, String text, Object... values) {
    return raised
        ? Optional.of(new Alert(level, title, String.format(Locale.ROOT, text, values)))
        : Optional.empty();
  }

  /** The mean of the last {@link #WINDOW} values; empty for fewer values. */
  private static final class Window {
    private final Deque<Double> values = new ArrayDeque<>();

    OptionalDouble add(double value) {
      values.add(value);
      if (values.size() > WINDOW) {
        values.remove();
      }
      return values.size() < WINDOW
          ? OptionalDouble.empty()
          : values.stream().mapToDouble(Double::doubleValue).average();
    }
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

  private static final class LastingReward extends OfMetric {
    private final Window window = new Window();
    private double best = Double.NEGATIVE_INFINITY;

    LastingReward() {
      super("reward");
    }

    @Override
    public Optional<Alert> breach(Map<String, ?> row) {
      double mean = window.add(number(row)).orElse(Double.NaN);
      best = mean > best ? mean : best;
      double lost = best - mean;
      return alert(
          lost >= Math.max(LOST_SHARE * Math.abs(best), LEAST_LOSS_OF_REWARD),
          Alert.Level.WARN,
          "Reward collapsed",
          "the mean of %d rows is %.4g and was %.4g: lower learning_rate, raise beta, or look at the completions",
          WINDOW,
          mean,
          best);
    }
  }

  private static final class DifferingRewards extends OfMetric {
    private final Window window = new Window();

    DifferingRewards() {
      super("frac_reward_zero_std");
    }

    @Override
    public Optional<Alert> breach(Map<String, ?> row) {
      return alert(
          window.add(number(row)).orElse(0) >= 1,
          Alert.Level.WARN,
          "Nothing to learn from",
          "in %d rows no two completions of a prompt were worth a different reward: the prompts are too hard or too easy, or the reward does not fit them",
          WINDOW);
    }
  }

  private static final class LivingEntropy extends OfMetric {
    private final Window window = new Window();
    private double first = Double.NaN;

    LivingEntropy() {
      super("entropy");
    }

    @Override
    public Optional<Alert> breach(Map<String, ?> row) {
      double mean = window.add(number(row)).orElse(Double.NaN);
      first = Double.isNaN(first) ? mean : first;
      return alert(
          mean < DEAD_SHARE * first,
          Alert.Level.WARN,
          "Entropy died",
          "the mean of %d rows is %.4g nats and was %.4g at first: the model repeats itself; lower learning_rate or raise temperature",
          WINDOW,
          mean,
          first);
    }
  }

  private static final class BoundedEntropy extends OfMetric {
    private final Window window = new Window();
    private double first = Double.NaN;

    BoundedEntropy() {
      super("entropy");
    }

    @Override
    public Optional<Alert> breach(Map<String, ?> row) {
      double value = number(row);
      first = Double.isNaN(first) ? value : first;
      double mean = window.add(value).orElse(Double.NaN);
      return alert(
          mean > RISEN_FACTOR * first && mean > first + LEAST_RISE_NATS,
          Alert.Level.WARN,
          "Entropy exploded",
          "the mean of %d rows is %.4g nats and was %.4g at first: the model writes at random; lower learning_rate",
          WINDOW,
          mean,
          first);
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
      return alert(
          !(difference <= bound), // raised for NaN, too
          Alert.Level.WARN,
          "Sampler and learner drift apart",
          "they differ by %.3g in a token's log-probability, on average, beyond %.3g; the run stops at twice that",
          difference,
          bound);
    }
  }
}
