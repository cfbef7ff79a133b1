package org.sparklora.sweep.finding;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * The verdict of a sweep on a claim of a finding.
 *
 * @param value the measured value; NaN if undefined
 * @param interval the value's 95 % interval
 * @param reason why the verdict is undecided; else empty
 */
public record Conclusion(
    FindingRule rule,
    double value,
    Bootstrap.Interval interval,
    int seeds,
    Answer answer,
    String reason) {
  /** Least number of seeds for a verdict. */
  public static final int LEAST_SEEDS = 3;

  /** Largest share of draws in which the value may be undefined for a verdict. */
  private static final double MOST_UNDEFINED = 0.05;

  public enum Answer {
    HOLDS,
    DOES_NOT_HOLD,
    NOT_DECIDED;

    String words() {
      return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
  }

  private static final MathContext RATE_DIGITS = new MathContext(12);

  private static final Bootstrap.Interval NONE = new Bootstrap.Interval(Double.NaN, Double.NaN, 1);

  /** An undecided verdict without a value. */
  static Conclusion undecided(FindingRule rule, int seeds, String reason) {
    return new Conclusion(rule, Double.NaN, NONE, seeds, Answer.NOT_DECIDED, reason);
  }

  /**
   * The verdict on a value: decided if there are enough seeds and the whole interval is inside or
   * outside the rule's range.
   */
  static Conclusion of(FindingRule rule, double value, Bootstrap.Interval interval, int seeds) {
    if (Double.isNaN(value)) {
      return undecided(rule, seeds, "too few trials have a number");
    }
    boolean inside =
        interval.low() >= rule.from()
            && !rule.isExcluded(interval.low())
            && interval.high() <= rule.to();
    boolean outside =
        interval.high() < rule.from()
            || rule.isExcluded(interval.high())
            || interval.low() > rule.to();
    String reason = "";
    if (seeds < LEAST_SEEDS) {
      reason =
          "%s%s"
              .formatted(
                  seeds == 1 ? "one seed" : "two seeds",
                  inside || outside ? ", a verdict takes three" : ", intervals overlap");
    } else if (interval.undefined() > MOST_UNDEFINED) {
      reason =
          String.format(
              Locale.ROOT,
              "in %.0f %% of the draws there is no such number: a best rate lies at the edge of the"
                  + " grid, or no rank leaves the line",
              100 * interval.undefined());
    } else if (!inside && !outside) {
      reason = "the interval reaches across " + rule.bounds();
    }
    Answer answer =
        !reason.isEmpty() ? Answer.NOT_DECIDED : inside ? Answer.HOLDS : Answer.DOES_NOT_HOLD;
    return new Conclusion(rule, value, interval, seeds, answer, reason);
  }

  /**
   * {@code learning-rate ratio LoRA/full 9.1 [6.4, 13], 3 seeds, blog 10, holds from 5.0 to 20:
   * holds}.
   */
  String text() {
    return "%s%s, %s, blog %s%s: %s%s"
        .formatted(
            rule.quantity(),
            isMeasured()
                ? " %s [%s, %s]"
                    .formatted(number(value), number(interval.low()), number(interval.high()))
                : "",
            seeds(seeds),
            rule.blog(),
            isMeasured() ? ", holds " + rule.range() : "",
            answer.words(),
            reason.isEmpty() ? "" : ": " + reason);
  }

  private boolean isMeasured() {
    return !Double.isNaN(value);
  }

  /** {@code 1 seed}, {@code 3 seeds}. */
  static String seeds(int seeds) {
    return seeds + (seeds == 1 ? " seed" : " seeds");
  }

  /** Formats a measured number with two significant digits. */
  static String number(double value) {
    if (value == 0 || !Double.isFinite(value)) {
      return value == 0 ? "0" : Double.toString(value);
    }
    // the exponent of the rounded number: 9.96 becomes 10
    BigDecimal rounded = new BigDecimal(value).round(new MathContext(2, RoundingMode.HALF_EVEN));
    int decimals = rounded.scale() - rounded.precision() + 2;
    return rounded.setScale(Math.max(0, decimals), RoundingMode.HALF_EVEN).toPlainString();
  }

  /** A learning rate: {@code 3.0e-4}. */
  static String rate(double value) {
    return String.format(Locale.ROOT, "%.1e", value).replaceFirst("e([+-])0", "e$1");
  }

  /** The verdict's entries in {@code results.json}. */
  Map<String, Object> numbers() {
    Map<String, Object> numbers = new LinkedHashMap<>();
    numbers.put("text", text());
    numbers.put("quantity", rule.quantity());
    numbers.put("answer", answer.words());
    numbers.put("reason", reason);
    numbers.put("value", finite(value));
    numbers.put("low", finite(interval.low()));
    numbers.put("high", finite(interval.high()));
    numbers.put("holds_from", isMeasured() ? finite(rule.from()) : null);
    numbers.put("holds_to", isMeasured() ? finite(rule.to()) : null);
    numbers.put("seeds", seeds);
    numbers.put("blog", rule.blog());
    return numbers;
  }

  /** The value, or null if it is not finite, as JSON has only finite numbers. */
  static Double finite(double value) {
    return Double.isFinite(value) ? value : null;
  }

  /** The rate of a decimal logarithm, rounded to 12 digits; null if not finite. */
  static Double rateOf(double decade) {
    Double rate = finite(Math.pow(10, decade));
    return rate == null ? null : new BigDecimal(rate).round(RATE_DIGITS).doubleValue();
  }
}
