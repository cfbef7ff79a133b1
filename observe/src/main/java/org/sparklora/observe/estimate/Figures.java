package org.sparklora.observe.estimate;

import java.util.Locale;

/** Formats numbers for readers. */
final class Figures {
  private static final double GIB = 1L << 30;
  private static final double MIB = 1L << 20;
  private static final String[] THOUSANDS = {"", " thousand", " million", " billion", " trillion"};
  private static final double THOUSAND = 1000;

  private Figures() {}

  /** {@code 2.7 GiB}, {@code 400 MiB}. */
  static String memory(long bytes) {
    return bytes < GIB ? format("%.0f MiB", bytes / MIB) : format("%.1f GiB", bytes / GIB);
  }

  /** {@code 156 million}. */
  static String count(double number) {
    double scaled = number;
    int power = 0;
    while (Math.abs(scaled) >= THOUSAND && power < THOUSANDS.length - 1) {
      scaled /= THOUSAND;
      power++;
    }
    return format(
        Math.abs(scaled) < 10 && power > 0 ? "%.1f%s" : "%.0f%s", scaled, THOUSANDS[power]);
  }

  /** {@code 4.991e-4}. */
  static String rate(double rate) {
    return format("%.3e", rate).replaceFirst("e([+-])0", "e$1");
  }

  /** Formats independently of the machine's locale. */
  static String format(String pattern, Object... values) {
    return String.format(Locale.ROOT, pattern, values);
  }
}
