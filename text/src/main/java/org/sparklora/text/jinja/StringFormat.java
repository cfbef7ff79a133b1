package org.sparklora.text.jinja;

import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Python's {@code "…" % values} and {@code "…".format(…)}, as far as templates use them. */
final class StringFormat {
  private static final Pattern PERCENT =
      Pattern.compile("%(?:([-+ 0]*)(\\d{1,4})?(?:\\.(\\d{1,3}))?([sdifrx])|%)");
  private static final Pattern BRACES = Pattern.compile("\\{\\{|}}|\\{(\\w*)(?::([^{}]*))?}");
  private static final Pattern SPECIFICATION =
      Pattern.compile("(0?)(\\d{0,4})(,?)(?:\\.(\\d{1,3}))?([sdf]?)");

  private StringFormat() {}

  static String percent(String format, Object values, Budget budget) {
    List<?> arguments = values instanceof Tuple tuple ? tuple : List.of(values);
    StringBuilder out = new StringBuilder();
    Matcher matcher = PERCENT.matcher(format);
    int next = 0;
    int from = 0;
    while (matcher.find()) {
      plain(format, from, matcher.start(), "%", out);
      from = matcher.end();
      if (matcher.group(4) == null) {
        out.append('%');
        continue;
      }
      if (next == arguments.size()) {
        throw new JinjaException("Not enough values for the format '%s'", format);
      }
      out.append(
          field(
              arguments.get(next++),
              matcher.group(1),
              matcher.group(2) == null ? "" : matcher.group(2),
              matcher.group(3),
              matcher.group(4).charAt(0)));
      budget.allocate(out.length());
    }
    if (next < arguments.size()) {
      throw new JinjaException("Too many values for the format '%s'", format);
    }
    plain(format, from, format.length(), "%", out);
    return out.toString();
  }

  /** Copies what is no field; a mark in it would begin a field of a kind we do not know. */
  private static void plain(String format, int from, int to, String marks, StringBuilder out) {
    for (int i = from; i < to; i++) {
      if (marks.indexOf(format.charAt(i)) >= 0) {
        throw new JinjaException("Unsupported field in the format '%s'", format);
      }
    }
    out.append(format, from, to);
  }

  /** One value in the width and precision that Java's formatter has in common with Python's. */
  private static String field(
      Object value, String flags, String width, String precision, char conversion) {
    String digits = precision == null ? "" : "." + precision;
    return switch (conversion) {
      case 's', 'r' ->
          String.format(
              "%" + (flags.contains("-") && !width.isEmpty() ? "-" : "") + width + digits + "s",
              conversion == 's' ? ValueText.of(value) : ValueText.repr(value));
      case 'f' ->
          String.format(
              Locale.ROOT,
              "%" + flags + width + (digits.isEmpty() ? ".6" : digits) + "f",
              number(value));
      default ->
          String.format(
              Locale.ROOT,
              "%" + flags + width + (conversion == 'x' ? "x" : "d"),
              (long) number(value));
    };
  }

  private static double number(Object value) {
    if (!Values.isNumber(value)) {
      throw new JinjaException("Cannot format %s as a number", Values.typeName(value));
    }
    return Values.number(value);
  }

  static String braces(String format, Arguments arguments) {
    StringBuilder out = new StringBuilder();
    Matcher matcher = BRACES.matcher(format);
    int next = 0;
    int from = 0;
    while (matcher.find()) {
      plain(format, from, matcher.start(), "{}", out);
      from = matcher.end();
      if (matcher.group(1) == null) {
        out.append(matcher.group().charAt(0));
        continue;
      }
      String field = matcher.group(1);
      int position =
          field.isEmpty()
              ? next++
              : Character.isDigit(field.charAt(0)) ? Integer.parseInt(field) : Integer.MAX_VALUE;
      out.append(specified(arguments.get(position, field), matcher.group(2)));
      arguments.budget().allocate(out.length());
    }
    plain(format, from, format.length(), "{}", out);
    return out.toString();
  }

  private static String specified(Object value, String specification) {
    if (specification == null || specification.isEmpty()) {
      return ValueText.of(value);
    }
    Matcher parts = SPECIFICATION.matcher(specification);
    if (!parts.matches()) {
      throw new JinjaException("Unsupported format specification '%s'", specification);
    }
    String width = parts.group(2);
    String flags = (parts.group(1).isEmpty() || width.isEmpty() ? "" : "0") + parts.group(3);
    if (value instanceof String) {
      return field(value, "-", width, parts.group(4), 's');
    }
    boolean isFloat = parts.group(5).equals("f") || value instanceof Double;
    return field(value, flags, width, parts.group(4), isFloat ? 'f' : 'd');
  }
}
