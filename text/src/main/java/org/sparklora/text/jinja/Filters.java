package org.sparklora.text.jinja;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;

/** Jinja2's filters: {@code value | name(arguments)}. */
final class Filters {

  /** A filter's value comes first; the rest is what stood in its parentheses. */
  @FunctionalInterface
  interface Filter {
    Object apply(Object value, Arguments arguments);
  }

  private static final Pattern FLOAT =
      Pattern.compile(
          "[-+]?(\\d+(_\\d+)*\\.?(\\d+(_\\d+)*)?|\\.\\d+(_\\d+)*)(e[-+]?\\d+(_\\d+)*)?");
  private static final Map<String, Filter> ALL = new LinkedHashMap<>();

  static {
    texts();
    numbers();
    sequences();
    selections();
  }

  private Filters() {}

  static Filter named(String name) {
    Filter filter = ALL.get(name);
    if (filter == null) {
      throw new JinjaException("No filter named '%s'", name);
    }
    return filter;
  }

  private static void texts() {
    ALL.put("string", Filters::text);
    ALL.put("safe", (v, a) -> v);
    ALL.put("tojson", JsonText::of);
    ALL.put(
        "trim",
        (v, a) -> StringMethods.strip(text(v, a), a.get(0, "chars", None.NONE), true, true));
    ALL.put("upper", (v, a) -> text(v, a).toUpperCase(Locale.ROOT));
    ALL.put("lower", (v, a) -> text(v, a).toLowerCase(Locale.ROOT));
    ALL.put("title", (v, a) -> titled(text(v, a)));
    ALL.put("capitalize", (v, a) -> StringMethods.capitalize(text(v, a)));
    ALL.put(
        "replace",
        (v, a) ->
            StringMethods.replace(
                text(v, a),
                Values.text(a.get(0, "old")),
                Values.text(a.get(1, "new")),
                a.integer(2, "count", -1),
                a));
    ALL.put("indent", (v, a) -> indented(text(v, a), a));
    ALL.put(
        "format",
        (v, a) -> StringFormat.percent(text(v, a), new Tuple(a.positional()), a.budget()));
    ALL.put(
        "join",
        (v, a) -> {
          Function<Object, Object> key = attribute(a.get(1, "attribute", None.NONE), a);
          List<Object> items = Values.iterate(v, a.budget());
          items.replaceAll(item -> text(key.apply(item), a));
          return StringMethods.join(Values.text(a.get(0, "d", "")), items, a);
        });
  }

  private static void numbers() {
    ALL.put("int", Filters::toInt);
    ALL.put(
        "float",
        (v, a) ->
            Values.isNumber(v)
                ? (Object) Values.number(v)
                : parsed(Values.text(Values.defined(v)))
                    .<Object>map(d -> d)
                    .orElse(a.get(0, "default", 0.0)));
    ALL.put("abs", (v, a) -> v instanceof Long n ? (Object) Math.abs(n) : Math.abs(number(v, a)));
    ALL.put(
        "round",
        (v, a) -> {
          int precision = Math.max(-400, Math.min(400, a.integer(0, "precision", 0)));
          double scale = Math.pow(10, precision);
          return switch (a.string(1, "method", "common")) {
            case "ceil" -> Math.ceil(number(v, a) * scale) / scale;
            case "floor" -> Math.floor(number(v, a) * scale) / scale;
            default -> rounded(v, precision, a);
          };
        });
    ALL.put(
        "sum",
        (v, a) -> {
          Function<Object, Object> key = attribute(a.get(0, "attribute", None.NONE), a);
          Object total = a.get(1, "start", 0L);
          for (Object item : Values.iterate(v, a.budget())) {
            total = Arithmetic.apply("+", total, key.apply(item), a.budget());
          }
          return total;
        });
    ALL.put("min", (v, a) -> extreme(v, a, -1));
    ALL.put("max", (v, a) -> extreme(v, a, 1));
  }

  private static void sequences() {
    ALL.put("length", (v, a) -> Values.length(v));
    ALL.put("count", ALL.get("length"));
    ALL.put("list", (v, a) -> Values.iterate(v, a.budget()));
    ALL.put(
        "first",
        (v, a) ->
            Values.iterate(v, a.budget()).stream()
                .findFirst()
                .orElse(new Undefined("The first item of an empty sequence")));
    ALL.put("last", (v, a) -> last(Values.iterate(v, a.budget())));
    ALL.put(
        "default",
        (v, a) ->
            v instanceof Undefined || a.truth(1, "boolean", false) && !Values.isTrue(v)
                ? a.get(0, "default_value", "")
                : v);
    ALL.put("d", ALL.get("default"));
    ALL.put(
        "reverse",
        (v, a) ->
            v instanceof String text
                ? new StringBuilder(text).reverse().toString()
                : reversed(Values.iterate(v, a.budget())));
    ALL.put("sort", Filters::sorted);
    ALL.put("unique", Filters::unique);
    ALL.put(
        "items",
        (v, a) -> v instanceof Undefined ? new ArrayList<>() : DictMethods.items(dict(v, a), a));
    ALL.put(
        "dictsort",
        (v, a) -> {
          int by = a.string(1, "by", "key").equals("value") ? 1 : 0;
          List<Object> items = DictMethods.items(dict(v, a), a);
          items.sort(
              order(a.truth(0, "case_sensitive", false), a, item -> ((List<?>) item).get(by)));
          return a.truth(2, "reverse", false) ? reversed(items) : items;
        });
    ALL.put("attr", (v, a) -> attribute(a.get(0, "name"), a).apply(v));
  }

  private static void selections() {
    ALL.put("map", Filters::mapped);
    ALL.put("select", (v, a) -> selected(v, item -> item, a, true));
    ALL.put("reject", (v, a) -> selected(v, item -> item, a, false));
    ALL.put("selectattr", (v, a) -> selected(v, attribute(a.get(0, "attr"), a), a.after(1), true));
    ALL.put("rejectattr", (v, a) -> selected(v, attribute(a.get(0, "attr"), a), a.after(1), false));
  }

  private static String text(Object value, Arguments arguments) {
    String text = Values.text(value);
    arguments.budget().allocate(text.length());
    return text;
  }

  private static Map<?, ?> dict(Object value, Arguments arguments) {
    if (value instanceof Map<?, ?> dict) {
      return dict;
    }
    throw new JinjaException("Expected a dict, found " + Values.typeName(value));
  }

  private static double number(Object value, Arguments arguments) {
    if (Values.isNumber(value)) {
      return Values.number(value);
    }
    throw new JinjaException("Expected a number, found " + Values.typeName(value));
  }

  /** Python's float(text), whose grammar is narrower than Java's. */
  private static Optional<Double> parsed(String text) {
    String number = StringMethods.strip(text, None.NONE, true, true).toLowerCase(Locale.ROOT);
    return Optional.of(number.replace("_", ""))
        .filter(digits -> FLOAT.matcher(number).matches())
        .map(Double::valueOf);
  }

  private static Object toInt(Object value, Arguments arguments) {
    if (value instanceof Long || value instanceof Boolean) {
      return Values.integer(value);
    }
    String text = Values.text(Values.defined(value));
    try {
      return Long.valueOf(
          StringMethods.strip(text, None.NONE, true, true), arguments.integer(1, "base", 10));
    } catch (NumberFormatException e) {
      Optional<Double> number = value instanceof Double d ? Optional.of(d) : parsed(text);
      return number
          .filter(Double::isFinite)
          .map(d -> truncated(d, arguments))
          .orElse(arguments.get(0, "default", 0L));
    }
  }

  private static Object truncated(double number, Arguments arguments) {
    if (Math.abs(number) >= 0x1p63) {
      throw new JinjaException("%s is beyond 64 bits", number);
    }
    return (long) number;
  }

  /** As the filter does it: words begin after blanks and opening brackets, and at hyphens. */
  private static String titled(String text) {
    StringBuilder out = new StringBuilder();
    boolean first = true;
    for (int point : text.codePoints().toArray()) {
      String letter = Character.toString(point);
      out.append(first ? letter.toUpperCase(Locale.ROOT) : letter.toLowerCase(Locale.ROOT));
      first = StringMethods.isSpace(point) || "-({[<".indexOf(point) >= 0;
    }
    return out.toString();
  }

  private static Object rounded(Object value, int precision, Arguments arguments) {
    double number = number(value, arguments);
    if (Double.isNaN(number) || Double.isInfinite(number)) {
      return number;
    }
    BigDecimal exact =
        value instanceof Double
            ? new BigDecimal(number)
            : BigDecimal.valueOf(Values.integer(value));
    BigDecimal result = exact.setScale(precision, RoundingMode.HALF_EVEN);
    return value instanceof Double ? (Object) result.doubleValue() : (Object) result.longValue();
  }

  private static String indented(String text, Arguments arguments) {
    Object width = arguments.get(0, "width", 4L);
    String indent =
        width instanceof String given
            ? given
            : " ".repeat(Math.min(1000, Math.max(0, Values.asIndex(width))));
    boolean blank = arguments.truth(2, "blank", false);
    StringBuilder out = new StringBuilder();
    String[] lines = text.split("\n", -1);
    long size = text.length() + (long) lines.length * indent.length();
    arguments.budget().allocate(size);
    for (int i = 0; i < lines.length; i++) {
      boolean indents = i == 0 ? arguments.truth(1, "first", false) : blank || !lines[i].isEmpty();
      out.append(i == 0 ? "" : "\n").append(indents ? indent : "").append(lines[i]);
    }
    return out.toString();
  }

  private static Object last(List<Object> items) {
    return items.isEmpty()
        ? new Undefined("The last item of an empty sequence")
        : items.get(items.size() - 1);
  }

  private static List<Object> reversed(List<Object> items) {
    Collections.reverse(items);
    return items;
  }

  private static Object extreme(Object value, Arguments arguments, int sign) {
    Function<Object, Object> key = attribute(arguments.get(1, "attribute", None.NONE), arguments);
    List<Object> items = Values.iterate(value, arguments.budget());
    Comparator<Object> order = order(arguments.truth(0, "case_sensitive", false), arguments, key);
    return items.stream()
        .reduce((best, item) -> sign * order.compare(item, best) > 0 ? item : best)
        .orElse(new Undefined("The extreme of an empty sequence"));
  }

  private static Object sorted(Object value, Arguments arguments) {
    List<Object> items = Values.iterate(value, arguments.budget());
    Function<Object, Object> key = attribute(arguments.get(2, "attribute", None.NONE), arguments);
    Comparator<Object> order = order(arguments.truth(1, "case_sensitive", false), arguments, key);
    items.sort(arguments.truth(0, "reverse", false) ? order.reversed() : order);
    return items;
  }

  private static Comparator<Object> order(
      boolean caseSensitive, Arguments arguments, Function<Object, ?> key) {
    Function<Object, Object> folded =
        item -> {
          Object value = key.apply(item);
          return !caseSensitive && value instanceof String text
              ? text.toLowerCase(Locale.ROOT)
              : value;
        };
    return (left, right) -> {
      arguments.budget().step();
      return Values.compare(folded.apply(left), folded.apply(right), arguments.budget());
    };
  }

  private static Object unique(Object value, Arguments arguments) {
    Map<Object, Object> seen = new LinkedHashMap<>();
    boolean caseSensitive = arguments.truth(0, "case_sensitive", false);
    Function<Object, Object> key = attribute(arguments.get(1, "attribute", None.NONE), arguments);
    for (Object item : Values.iterate(value, arguments.budget())) {
      Object compared = key.apply(item);
      compared =
          !caseSensitive && compared instanceof String text
              ? text.toLowerCase(Locale.ROOT)
              : compared;
      seen.putIfAbsent(Values.key(compared), item);
    }
    return new ArrayList<>(seen.values());
  }

  /** Reads {@code a.b.0} from an item; None reads the item itself. */
  private static Function<Object, Object> attribute(Object path, Arguments arguments) {
    if (path == None.NONE) {
      return item -> item;
    }
    String[] names = Values.text(path).split("\\.", -1);
    return item -> {
      Object value = item;
      for (String name : names) {
        boolean number = !name.isEmpty() && name.chars().allMatch(Character::isDigit);
        value = Values.item(value, number ? (Object) Long.valueOf(name) : name);
      }
      return value;
    };
  }

  /** What map and select walk over: nothing at all of a false value, whatever its type. */
  private static List<Object> itemsOrNone(Object value, Arguments arguments) {
    return Values.isTrue(value) ? Values.iterate(value, arguments.budget()) : new ArrayList<>();
  }

  private static Object mapped(Object value, Arguments arguments) {
    List<Object> items = itemsOrNone(value, arguments);
    Object path = arguments.named().get("attribute");
    if (path != null) {
      Function<Object, Object> key = attribute(path, arguments);
      Object fallback = arguments.named().get("default");
      items.replaceAll(
          item -> {
            Object found = key.apply(item);
            return found instanceof Undefined && fallback != null ? fallback : found;
          });
      return items;
    }
    Filter filter = named(arguments.string(0, "filter"));
    Arguments rest = arguments.after(1);
    items.replaceAll(item -> filter.apply(item, rest));
    return items;
  }

  private static Object selected(
      Object value, Function<Object, Object> key, Arguments arguments, boolean wanted) {
    List<Object> items = itemsOrNone(value, arguments);
    if (arguments.positional().isEmpty()) {
      items.removeIf(item -> Values.isTrue(key.apply(item)) != wanted);
      return items;
    }
    ValueTests.ValueTest test = ValueTests.named(Values.text(arguments.positional().get(0)));
    Arguments rest = arguments.after(1);
    items.removeIf(item -> test.holds(key.apply(item), rest) != wanted);
    return items;
  }
}
