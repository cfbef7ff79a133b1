package org.sparklora.observe.estimate;

import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.sparklora.observe.estimate.Finding.Severity;

/**
 * The numbers of one rule's finding, from which it becomes a {@link Finding} in the words of {@code
 * findings.properties}. Not thread-safe.
 */
final class Figures {
  static final Properties WORDS = words();

  private static final Pattern PLACE = Pattern.compile("\\{(\\w+):?([^}]*)}");
  private static final double GIB = 1L << 30;
  private static final double MIB = 1L << 20;
  private static final String[] THOUSANDS = {"", " thousand", " million", " billion", " trillion"};
  private static final double THOUSAND = 1000;

  private final String rule;
  private final Map<String, Object> values = new TreeMap<>();
  private final Map<String, Object> shown = new HashMap<>();
  private String variant = "";

  /**
   * @param rule the beginning of the rule's keys in the table
   */
  Figures(String rule) {
    this.rule = rule;
  }

  private static Properties words() {
    Properties words = new Properties();
    try (InputStreamReader in =
        new InputStreamReader(
            Figures.class.getResourceAsStream("findings.properties"), StandardCharsets.UTF_8)) {
      words.load(in);
      return words;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Adds a number to the finding; its words may show the number. */
  Figures value(String name, Object value) {
    values.put(name, value);
    return word(name, value);
  }

  /** Adds a number or text that only the words show. */
  Figures word(String name, Object value) {
    shown.put(name, value);
    return this;
  }

  /** Chooses {@code RULE.figure.VARIANT} as the figure's words; likewise for name and sources. */
  Figures variant(String other) {
    variant = other;
    return this;
  }

  /** The finding; {@code RULE.ADVICE} has the words of its advice. */
  Finding finding(Severity verdict, String advice) {
    return new Finding(
        ofVariant("name"),
        ofVariant("figure"),
        values,
        verdict,
        words(advice),
        Stream.of(ofVariant("sources").split(" ")).map(Source::valueOf).toList());
  }

  private String ofVariant(String kind) {
    String special = kind + "." + variant;
    return words(WORDS.containsKey(rule + "." + special) ? special : kind);
  }

  /** The words of {@code RULE.KEY}, with the numbers in their places. */
  String words(String key) {
    return PLACE
        .matcher(WORDS.getProperty(rule + "." + key))
        .replaceAll(
            place ->
                Matcher.quoteReplacement(formatted(shown.get(place.group(1)), place.group(2))));
  }

  private static String formatted(Object value, String format) {
    return switch (format) {
      case "" -> value.toString();
      case "memory" -> memory((long) value);
      case "count" -> count(((Number) value).doubleValue());
      case "rate" -> rate((double) value);
      case "seconds" -> format((double) value < 10 ? "%.2g s" : "%,.0f s", value);
      case "times" -> format((double) value < 10 ? "%.1f" : "%,.0f", value);
      default -> format(format, value);
    };
  }

  /** {@code 2.7 GiB}, {@code 400 MiB}. */
  private static String memory(long bytes) {
    return bytes < GIB ? format("%.0f MiB", bytes / MIB) : format("%.1f GiB", bytes / GIB);
  }

  /** {@code 156 million}. */
  private static String count(double number) {
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
  private static String rate(double rate) {
    return format("%.3e", rate).replaceFirst("e([+-])0", "e$1");
  }

  /** Formats independently of the machine's locale. */
  private static String format(String pattern, Object... values) {
    return String.format(Locale.ROOT, pattern, values);
  }
}
