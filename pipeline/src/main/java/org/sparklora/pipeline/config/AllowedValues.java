package org.sparklora.pipeline.config;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The allowed values of a flag, among those of its type. */
sealed interface AllowedValues {
  Pattern INTERVAL = Pattern.compile("([\\[(])([^,]*),(.*)([\\])])");

  /** Parses words, an interval such as {@code [0,1)} or {@code [1,)}, or nothing for any value. */
  static AllowedValues parse(String cell) {
    Matcher interval = INTERVAL.matcher(cell);
    if (interval.matches()) {
      return new Interval(
          Double.parseDouble(interval.group(2)),
          interval.group(1).equals("["),
          interval.group(3).isEmpty()
              ? Double.POSITIVE_INFINITY
              : Double.parseDouble(interval.group(3)),
          interval.group(4).equals("]"));
    }
    return new Words(cell.isEmpty() ? List.of() : List.of(cell.split(" ")));
  }

  /** Whether a value, in its canonical spelling, is allowed. */
  boolean contain(String text);

  String remedy();

  /** Some words; any value if the list is empty. */
  record Words(List<String> words) implements AllowedValues {
    @Override
    public boolean contain(String text) {
      return words.isEmpty() || words.contains(text);
    }

    @Override
    public String remedy() {
      int last = words.size() - 1;
      return last == 0
          ? "use " + words.get(0)
          : "use %s or %s".formatted(String.join(", ", words.subList(0, last)), words.get(last));
    }
  }

  /** Numbers between two bounds, the upper maybe infinite; words such as {@code none} pass, too. */
  record Interval(double low, boolean withLow, double high, boolean withHigh)
      implements AllowedValues {
    @Override
    public boolean contain(String text) {
      if (!Character.isDigit(text.charAt(text.length() - 1))) {
        return true;
      }
      double number = Double.parseDouble(text);
      return (withLow ? number >= low : number > low)
          && (withHigh ? number <= high : number < high);
    }

    @Override
    public String remedy() {
      String lower = "it must be " + (withLow ? "at least " : "above ") + shown(low);
      return Double.isInfinite(high)
          ? lower
          : lower + (withHigh ? " and at most " : " and below ") + shown(high);
    }

    @Override
    public String toString() {
      return (withLow ? "[" : "(")
          + shown(low)
          + ","
          + (Double.isInfinite(high) ? "" : shown(high))
          + (withHigh ? "]" : ")");
    }

    private static String shown(double bound) {
      return bound == Math.rint(bound) && bound < Integer.MAX_VALUE
          ? Integer.toString((int) bound)
          : Double.toString(bound);
    }
  }
}
