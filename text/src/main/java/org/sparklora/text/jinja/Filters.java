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

  private Filters() {}

  static Filter named(String name) {
    return switch (name) {
      case "string" -> Filters::text;
      case "safe" -> (v, a) -> v;
      case "tojson" -> JsonText::of;
      case "trim" -> (v, a) -> StringMethods.strip(text(v, a), a.get(0, "chars", None.NONE));
      case "upper" -> (v, a) -> text(v, a).toUpperCase(Locale.ROOT);
      case "lower" -> (v, a) -> text(v, a).toLowerCase(Locale.ROOT);
      case "title" -> (v, a) -> titled(text(v, a));
      case "capitalize" -> (v, a) -> StringMethods.capitalize(text(v, a));
      case "replace" -> Filters::replaced;
      case "indent" -> (v, a) -> indented(text(v, a), a);
      case "format" ->
          (v, a) -> StringFormat.percent(text(v, a), new Tuple(a.positional()), a.budget());
      case "join" -> Filters::joined;
      case "int" -> Filters::toInt;
      case "float" -> Filters::toFloat;
      case "abs" -> (v, a) -> v instanceof Long n ? (Object) Math.abs(n) : Math.abs(number(v));
      case "round" -> Filters::rounded;
      case "sum" -> Filters::sum;
      case "min" -> (v, a) -> extreme(v, a, -1);
      case "max" -> (v, a) -> extreme(v, a, 1);
      case "length", "count" -> (v, a) -> Values.length(v);
      case "list" -> (v, a) -> a.iterate(v);
      case "first" -> (v, a) -> a.iterate(v).stream().findFirst().orElse(nothing("first item"));
      case "last" -> (v, a) -> reversed(a.iterate(v)).stream().findFirst().orElse(nothing("last"));
      case "default", "d" ->
          (v, a) ->
              v instanceof Undefined || a.truth(1, "boolean", false) && !Values.isTrue(v)
                  ? a.get(0, "default_value", "")
                  : v;
      case "reverse" ->
          (v, a) ->
              v instanceof String text
                  ? new StringBuilder(text).reverse().toString()
                  : reversed(a.iterate(v));
      case "sort" -> Filters::sorted;
      case "unique" -> Filters::unique;
      case "items" ->
          (v, a) -> v instanceof Undefined ? new ArrayList<>() : DictMethods.items(dict(v), a);
      case "dictsort" -> Filters::sortedItems;
      case "attr" -> (v, a) -> attribute(a.get(0, "name")).apply(v);
      case "map" -> Filters::mapped;
      case "select" -> (v, a) -> selected(v, item -> item, a, true);
      case "reject" -> (v, a) -> selected(v, item -> item, a, false);
      case "selectattr" -> (v, a) -> selected(v, attribute(a.get(0, "attr")), a.after(1), true);
      case "rejectattr" -> (v, a) -> selected(v, attribute(a.get(0, "attr")), a.after(1), false);
      default -> throw new JinjaException("No filter named '%s'", name);
    };
  }

  private static String text(Object value, Arguments arguments) {
    String text = ValueText.of(value);
    arguments.budget().allocate(text.length());
    return text;
  }

  private static Object nothing(String what) {
    return new Undefined("The " + what + " of an empty sequence");
  }

  private static Map<?, ?> dict(Object value) {
    if (value instanceof Map<?, ?> dict) {
      return dict;
    }
    throw new JinjaException("Expected a dict, found " + Values.typeName(value));
  }

  private static double number(Object value) {
    if (Values.isNumber(value)) {
      return Values.number(value);
    }
    throw new JinjaException("Expected a number, found " + Values.typeName(value));
  }

  private static Object replaced(Object value, Arguments a) {
    String old = ValueText.of(a.get(0, "old"));
    String fresh = ValueText.of(a.get(1, "new"));
    return StringMethods.replace(text(value, a), old, fresh, a.integer(2, "count", -1), a);
  }

  private static Object joined(Object value, Arguments a) {
    Function<Object, Object> key = attribute(a, 1);
    List<Object> items = a.iterate(value);
    items.replaceAll(item -> text(key.apply(item), a));
    return StringMethods.join(ValueText.of(a.get(0, "d", "")), items, a);
  }

  private static Object toFloat(Object value, Arguments a) {
    return Values.isNumber(value)
        ? (Object) Values.number(value)
        : parsed(ValueText.of(Values.defined(value)))
            .<Object>map(number -> number)
            .orElse(a.get(0, "default", 0.0));
  }

  /** Python's float(text), whose grammar is narrower than Java's. */
  private static Optional<Double> parsed(String text) {
    String number = StringMethods.strip(text, None.NONE).toLowerCase(Locale.ROOT);
    return Optional.of(number.replace("_", ""))
        .filter(digits -> FLOAT.matcher(number).matches())
        .map(Double::valueOf);
  }

  private static Object toInt(Object value, Arguments arguments) {
    if (value instanceof Long || value instanceof Boolean) {
      return Values.integer(value);
    }
    String text = ValueText.of(Values.defined(value));
    try {
      return Long.valueOf(StringMethods.strip(text, None.NONE), arguments.integer(1, "base", 10));
    } catch (NumberFormatException e) {
      Optional<Double> number = value instanceof Double d ? Optional.of(d) : parsed(text);
      return number
          .filter(Double::isFinite)
          .<Object>map(Filters::truncated)
          .orElse(arguments.get(0, "default", 0L));
    }
  }

  private static long truncated(double number) {
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

  private static Object rounded(Object value, Arguments a) {
    int precision = Math.max(-400, Math.min(400, a.integer(0, "precision", 0)));
    double number = number(value);
    double scale = Math.pow(10, precision);
    return switch (a.string(1, "method", "common")) {
      case "ceil" -> Math.ceil(number * scale) / scale;
      case "floor" -> Math.floor(number * scale) / scale;
      default ->
          !(value instanceof Double)
              ? (Object) exactly(BigDecimal.valueOf(Values.integer(value)), precision).longValue()
              : Double.isFinite(number)
                  ? exactly(new BigDecimal(number), precision).doubleValue()
                  : value;
    };
  }

  private static BigDecimal exactly(BigDecimal number, int precision) {
    return number.setScale(precision, RoundingMode.HALF_EVEN);
  }

  private static Object sum(Object value, Arguments a) {
    Function<Object, Object> key = attribute(a, 0);
    Object total = a.get(1, "start", 0L);
    for (Object item : a.iterate(value)) {
      total = Arithmetic.apply("+", total, key.apply(item), a.budget());
    }
    return total;
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

  private static List<Object> reversed(List<Object> items) {
    Collections.reverse(items);
    return items;
  }

  private static Object extreme(Object value, Arguments a, int sign) {
    Comparator<Object> order = order(a, folded(a, 0, attribute(a, 1)));
    return a.iterate(value).stream()
        .reduce((best, item) -> sign * order.compare(item, best) > 0 ? item : best)
        .orElse(nothing("extreme"));
  }

  private static Object sorted(Object value, Arguments a) {
    List<Object> items = a.iterate(value);
    Comparator<Object> order = order(a, folded(a, 1, attribute(a, 2)));
    items.sort(a.truth(0, "reverse", false) ? order.reversed() : order);
    return items;
  }

  private static Object sortedItems(Object value, Arguments a) {
    int by = a.string(1, "by", "key").equals("value") ? 1 : 0;
    List<Object> items = DictMethods.items(dict(value), a);
    items.sort(order(a, folded(a, 0, item -> ((List<?>) item).get(by))));
    return a.truth(2, "reverse", false) ? reversed(items) : items;
  }

  private static Comparator<Object> order(Arguments a, Function<Object, Object> key) {
    return (left, right) -> {
      a.budget().step();
      return Values.compare(key.apply(left), key.apply(right), a.budget());
    };
  }

  /** A key in small letters, unless the argument {@code case_sensitive} is true. */
  private static Function<Object, Object> folded(
      Arguments a, int position, Function<Object, Object> key) {
    boolean asItIs = a.truth(position, "case_sensitive", false);
    return key.andThen(
        value -> !asItIs && value instanceof String text ? text.toLowerCase(Locale.ROOT) : value);
  }

  private static Object unique(Object value, Arguments a) {
    Map<Object, Object> seen = new LinkedHashMap<>();
    Function<Object, Object> key = folded(a, 0, attribute(a, 1));
    a.iterate(value).forEach(item -> seen.putIfAbsent(Values.key(key.apply(item)), item));
    return new ArrayList<>(seen.values());
  }

  private static Function<Object, Object> attribute(Arguments a, int position) {
    return attribute(a.get(position, "attribute", None.NONE));
  }

  /** Reads {@code a.b.0} from an item; None reads the item itself. */
  private static Function<Object, Object> attribute(Object path) {
    if (path == None.NONE) {
      return item -> item;
    }
    String[] names = ValueText.of(path).split("\\.", -1);
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
    return Values.isTrue(value) ? arguments.iterate(value) : new ArrayList<>();
  }

  private static Object mapped(Object value, Arguments arguments) {
    List<Object> items = itemsOrNone(value, arguments);
    Object path = arguments.named().get("attribute");
    if (path != null) {
      Function<Object, Object> key = attribute(path);
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
    ValueTests.ValueTest test = ValueTests.named(ValueText.of(arguments.positional().get(0)));
    Arguments rest = arguments.after(1);
    items.removeIf(item -> test.holds(key.apply(item), rest) != wanted);
    return items;
  }
}
