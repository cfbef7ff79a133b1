package org.sparklora.sweep.finding;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * The verdict of a sweep on a finding.
 *
 * @param quantity what was measured, in a few words
 * @param value the measured value; NaN if undefined
 * @param interval the value's 95 % interval
 * @param seeds number of seeds
 * @param blog the blog's value, as text
 * @param range the values for which the finding holds; all if nothing was measured
 * @param answer whether the finding holds
 * @param reason why the verdict is undecided; else empty
 */
public record Conclusion(
    String quantity,
    double value,
    Bootstrap.Interval interval,
    int seeds,
    String blog,
    Range range,
    Answer answer,
    String reason) {
  /** Least number of seeds for a verdict. */
  public static final int LEAST_SEEDS = 3;

  /** Largest share of draws in which the value may be undefined for a verdict. */
  private static final double MOST_UNDEFINED = 0.05;

  /** Whether a finding holds. */
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
  static Conclusion undecided(String quantity, int seeds, String blog, String reason) {
    return new Conclusion(
        quantity, Double.NaN, NONE, seeds, blog, Range.ALL, Answer.NOT_DECIDED, reason);
  }

  /**
   * The verdict on a value that should be in a range: decided if there are enough seeds and the
   * whole interval is inside or outside the range.
   *
   * @param from lower bound of the range; infinite for none
   * @param to upper bound; infinite for none
   */
  static Conclusion of(
      String quantity,
      double value,
      Bootstrap.Interval interval,
      int seeds,
      String blog,
      double from,
      double to) {
    Range range = new Range(from, to);
    if (Double.isNaN(value)) {
      return undecided(quantity, seeds, blog, "too few trials have a number");
    }
    boolean inside = interval.low() >= from && interval.high() <= to;
    boolean outside = interval.high() < from || interval.low() > to;
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
      reason = "the interval reaches across " + range.bounds();
    }
    Answer answer =
        !reason.isEmpty() ? Answer.NOT_DECIDED : inside ? Answer.HOLDS : Answer.DOES_NOT_HOLD;
    return new Conclusion(quantity, value, interval, seeds, blog, range, answer, reason);
  }

  /**
   * The values for which a finding holds.
   *
   * @param from lower bound; infinite for none
   * @param to upper bound; infinite for none
   */
  record Range(double from, double to) {
    private static final Range ALL = new Range(Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY);

    /** {@code from 5.0 to 20}, {@code above 0}, {@code up to 0.10}. */
    String words() {
      return Double.isInfinite(to)
          ? "above " + bounds()
          : Double.isInfinite(from)
              ? "up to " + bounds()
              : "from " + number(from) + " to " + number(to);
    }

    String bounds() {
      if (Double.isInfinite(to)) {
        return number(from < Double.MIN_NORMAL || from > Double.MIN_NORMAL ? from : 0); // above 0
      }
      return Double.isInfinite(from) ? number(to) : number(from) + " or " + number(to);
    }
  }

  /**
   * {@code learning-rate ratio LoRA/full 9.1 [6.4, 13], 3 seeds, blog 10, holds from 5.0 to 20:
   * holds}.
   */
  String text() {
    String measured =
        Double.isNaN(value)
            ? ""
            : " %s [%s, %s]"
                .formatted(number(value), number(interval.low()), number(interval.high()));
    return "%s%s, %s seed%s, blog %s%s: %s%s"
        .formatted(
            quantity,
            measured,
            seeds,
            seeds == 1 ? "" : "s",
            blog,
            measured.isEmpty() ? "" : ", holds " + range.words(),
            answer.words(),
            reason.isEmpty() ? "" : ": " + reason);
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
    numbers.put("quantity", quantity);
    numbers.put("answer", answer.words());
    numbers.put("reason", reason);
    numbers.put("value", finite(value));
    numbers.put("low", finite(interval.low()));
    numbers.put("high", finite(interval.high()));
    numbers.put("holds_from", finite(range.from()));
    numbers.put("holds_to", finite(range.to()));
    numbers.put("seeds", seeds);
    numbers.put("blog", blog);
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
