package org.sparklora.text.jinja.value;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Prints values as Python does. */
public final class ValueText {
  private static final int MAX_NESTING = 200;
  private static final int MAX_TEXT = 16_000_000;

  private ValueText() {}

  /** Python's {@code str(value)}. */
  public static String of(Object value) {
    if (value instanceof String string) {
      return string;
    }
    StringBuilder out = new StringBuilder();
    if (!(value instanceof Undefined)) {
      repr(value, 0, out);
    }
    return out.toString();
  }

  /**
   * Appends Python's {@code repr(value)}; bounded, since a template can build a small list that
   * prints as millions of items.
   */
  private static void repr(Object value, int depth, StringBuilder out) {
    if (depth > MAX_NESTING || out.length() > MAX_TEXT) {
      throw new JinjaException("A value is too large to be printed");
    }
    if (value instanceof String string) {
      out.append(StringMethods.repr(string));
    } else if (value instanceof Boolean flag) {
      out.append(flag ? "True" : "False");
    } else if (value instanceof Double number) {
      out.append(ofFloat(number));
    } else if (value instanceof Tuple tuple) {
      reprItems(tuple, "(", tuple.size() == 1 ? ",)" : ")", depth, out);
    } else if (value instanceof List<?> list) {
      reprItems(list, "[", "]", depth, out);
    } else if (value instanceof Map<?, ?> dict) {
      String separator = "{";
      for (Map.Entry<?, ?> entry : dict.entrySet()) {
        out.append(separator);
        repr(entry.getKey(), depth + 1, out);
        out.append(": ");
        repr(entry.getValue(), depth + 1, out);
        separator = ", ";
      }
      out.append(dict.isEmpty() ? "{}" : "}");
    } else if (value == None.NONE) {
      out.append("None");
    } else if (value instanceof Undefined) {
      out.append("Undefined");
    } else if (value instanceof Long || value instanceof BigInteger) {
      out.append(value);
    } else { // no object's address or class shows
      out.append("<%s>".formatted(Values.typeName(value)));
    }
  }

  private static void reprItems(
      List<?> items, String open, String close, int depth, StringBuilder out) {
    out.append(open);
    for (int i = 0; i < items.size(); i++) {
      out.append(i == 0 ? "" : ", ");
      repr(items.get(i), depth + 1, out);
    }
    out.append(close);
  }

  /** Python's shortest text of a float: {@code 0.1}, {@code 1e-05}, {@code 1e+16}, {@code inf}. */
  static String ofFloat(double number) {
    if (Double.isNaN(number)) {
      return "nan";
    }
    if (Double.isInfinite(number)) {
      return number > 0 ? "inf" : "-inf";
    }
    if (number == 0) {
      return 1 / number > 0 ? "0.0" : "-0.0";
    }
    BigDecimal shortest = shortest(number);
    int exponent = shortest.precision() - shortest.scale() - 1;
    if (exponent >= -4 && exponent < 16) {
      String plain = shortest.toPlainString();
      return plain.indexOf('.') < 0 ? plain + ".0" : plain;
    }
    String digits = shortest.unscaledValue().abs().toString();
    String mantissa = digits.length() == 1 ? digits : digits.charAt(0) + "." + digits.substring(1);
    return String.format(Locale.ROOT, "%s%se%+03d", number < 0 ? "-" : "", mantissa, exponent);
  }

  private static BigDecimal shortest(double number) {
    BigDecimal exact = new BigDecimal(number);
    BigDecimal rounded = BigDecimal.ZERO;
    for (int digits = 1; rounded.doubleValue() != number; digits++) { // 17 are always enough
      rounded = exact.round(new MathContext(digits, RoundingMode.HALF_EVEN));
    }
    return rounded.stripTrailingZeros();
  }
}
