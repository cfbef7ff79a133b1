package org.sparklora.observe.report;

import static java.lang.Math.abs;
import static java.lang.Math.ceil;
import static java.lang.Math.floor;
import static java.lang.Math.log10;
import static java.lang.Math.max;
import static java.lang.Math.min;
import static java.lang.Math.pow;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * The range of an axis and its marks: round numbers, as short as they stay distinct. A logarithmic
 * axis is measured in decades, {@code log10} of its values.
 *
 * @param low the axis' beginning
 * @param high its end, above {@code low}
 * @param marks ascending
 */
record Ticks(double low, double high, List<Mark> marks) {
  /**
   * @param at position in the axis' measure
   */
  record Mark(double at, String label) {}

  private static final int USUAL_MARKS = 5;
  private static final int MOST_DECADES = 6;

  /** An axis of fewer decades has marks at 2 and 5 of each as well. */
  private static final int FEW_DECADES = 3;

  private static final double PADDING = 0.05;

  /** Space beyond the end of an axis, as a share of it, so that a line there is not cut. */
  private static final double ROOM = 0.015;

  /** Values that differ by a smaller share of their size are shown as a constant. */
  private static final double LEAST_SPAN = 1e-3;

  private static final double SPAN_OF_CONSTANTS = 0.1;

  /** Larger numbers are ignored, since their difference could overflow. */
  private static final double LARGEST = 1e300;

  /** Numbers outside of these powers of ten are written with an exponent. */
  private static final int LEAST_PLAIN_POWER = -2;

  private static final int LARGEST_PLAIN_POWER = 5;

  Ticks {
    marks = List.copyOf(marks);
  }

  /**
   * A linear axis.
   *
   * @param values to show; values that are not finite are ignored
   * @param fromZero whether the axis always includes 0
   */
  static Ticks linear(double[] values, boolean fromZero) {
    double[] finite =
        Arrays.stream(values).filter(v -> Double.isFinite(v) && abs(v) <= LARGEST).toArray();
    double least = Arrays.stream(finite).min().orElse(0);
    double largest = Arrays.stream(finite).max().orElse(0);
    if (fromZero) {
      least = min(0, least);
      largest = max(0, largest);
    }
    double magnitude = max(abs(least), abs(largest));
    if (magnitude < Double.MIN_NORMAL) {
      return between(-ROOM, 1);
    }
    if (!fromZero && isConstant(least, largest)) {
      return between(
          least - SPAN_OF_CONSTANTS * magnitude, largest + SPAN_OF_CONSTANTS * magnitude);
    }
    double padding = PADDING * (largest - least);
    return between(
        fromZero && least == 0 ? -ROOM * largest : least - padding,
        fromZero && largest == 0 ? -ROOM * least : largest + padding);
  }

  /** Whether the range of values is so narrow that it is shown as a constant. */
  static boolean isConstant(double least, double largest) {
    return largest - least <= LEAST_SPAN * max(abs(least), abs(largest));
  }

  /** An axis of whole numbers, from 0. */
  static Ticks steps(double last) {
    return between(0, (1 + ROOM) * max(1, last), 1);
  }

  private static Ticks between(double low, double high) {
    return between(low, high, 0);
  }

  private static Ticks between(double low, double high, double leastStep) {
    double step = max(leastStep, round((high - low) / USUAL_MARKS));
    double magnitude = max(abs(low), abs(high));
    List<Mark> marks = new ArrayList<>();
    for (double k = ceil(low / step); k * step <= high * (1 + Math.ulp(1.0)); k++) {
      marks.add(new Mark(k * step, label(k * step, step, magnitude)));
    }
    return new Ticks(low, high, marks);
  }

  /** The nearest 1, 2 or 5 times a power of ten, or the next above. */
  private static double round(double step) {
    double power = pow(10, floor(log10(step)));
    double digit = step / power;
    return (digit <= 1.2 ? 1 : digit <= 2.8 ? 2 : digit <= 6 ? 5 : 10) * power;
  }

  /**
   * A logarithmic axis.
   *
   * @param least above 0
   * @param largest above {@code least}
   */
  static Ticks logarithmic(double least, double largest) {
    double low = log10(least);
    double high = log10(largest);
    double padding = PADDING * max(high - low, 1);
    low -= padding;
    high += padding;
    int[] digits = high - low < FEW_DECADES ? new int[] {1, 2, 5} : new int[] {1};
    int every = (int) max(1, ceil((high - low) / MOST_DECADES));
    List<Mark> marks = new ArrayList<>();
    for (int power = (int) floor(low); power <= high; power++) {
      for (int digit : digits) {
        double at = log10(digit) + power;
        if (at >= low && at <= high && Math.floorMod(power, every) == 0) {
          double value = digit * pow(10, power);
          marks.add(new Mark(at, label(value, value, value)));
        }
      }
    }
    if (marks.isEmpty()) { // of one value, or of close ones, none of which is round
      marks.add(new Mark(log10(least), label(least, least / 10, least)));
    }
    return new Ticks(low, high, marks);
  }

  /**
   * The shortest text of a number that differs from its neighbours'.
   *
   * @param step between neighbours
   * @param magnitude of the largest number on the axis, which decides on the notation for all
   */
  private static String label(double value, double step, double magnitude) {
    if (abs(value) < step / 2) {
      return "0";
    }
    int power = power(magnitude);
    if (power >= LEAST_PLAIN_POWER && power <= LARGEST_PLAIN_POWER) {
      return String.format(Locale.ROOT, "%,." + max(0, -power(step)) + "f", value);
    }
    String format = "%." + max(0, power(value) - power(step)) + "e";
    return String.format(Locale.ROOT, format, value)
        .replaceFirst("e([+-])0", "e$1")
        .replace("e+", "e");
  }

  /** The exponent of the largest power of ten up to a number, allowing for rounding errors. */
  private static int power(double number) {
    return (int) floor(log10(abs(number)) + 1e-9);
  }
}
