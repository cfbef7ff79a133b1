package org.sparklora.text.jinja.value;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.BiPredicate;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * Jinja2's filters: {@code value | name(arguments)}. Python's generator, which some return, is an
 * {@link Iterator}: true, without a length, and read only once.
 */
public final class Filters {

  /** The texts that Python's {@code float} accepts; Java accepts more. */
  private static final Pattern FLOAT =
      Pattern.compile(
          "[-+]?(\\d+(_\\d+)*\\.?(\\d+(_\\d+)*)?|\\.\\d+(_\\d+)*)([eE][-+]?\\d+(_\\d+)*)?");

  /** The ends of lines as Python's {@code splitlines} knows them. */
  private static final Pattern LINE_END = Pattern.compile("\\R|[\\x1c-\\x1e]");

  private Filters() {}

  /** The filter of a name: a function of the value and the arguments in parentheses. */
  public static BiFunction<Object, Arguments, Object> named(String name) {
    return switch (name) {
      case "string" -> Filters::text;
      case "safe" -> (v, a) -> v;
      case "tojson" -> JsonText::of;
      case "trim" -> (v, a) -> method("strip", v, a);
      case "upper", "lower", "capitalize" -> (v, a) -> method(name, v, a);
      case "title" -> (v, a) -> titled(text(v, a));
      case "replace" -> Filters::replaced;
      case "indent" -> (v, a) -> indented(text(v, a), a);
      case "join" -> Filters::joined;
      case "int" -> Filters::toInt;
      case "length", "count" -> (v, a) -> Values.length(v, a.budget());
      case "list" -> (v, a) -> a.iterate(v);
      case "first" ->
          (v, a) ->
              v instanceof Iterator<?> unread && unread.hasNext()
                  ? unread.next()
                  : a.iterate(v).stream().findFirst().orElse(nothing("first item"));
      case "last" -> (v, a) -> reversed(a.iterate(v)).stream().findFirst().orElse(nothing("last"));
      case "default", "d" ->
          (v, a) ->
              v instanceof Undefined || a.truth(1, "boolean", false) && !Values.isTrue(v)
                  ? a.get(0, "default_value", "")
                  : v;
      case "reverse" ->
          (v, a) ->
              v instanceof String text
                  ? new StringBuilder(text(text, a)).reverse().toString()
                  : reversed(a.iterate(v)).iterator();
      case "sort" ->
          (v, a) ->
              sorted(a.iterate(v), a.truth(0, "reverse", false), folded(a, 1, attribute(a, 2)), a);
      case "unique" -> Filters::unique;
      case "items" ->
          (v, a) ->
              v instanceof Undefined
                  ? Collections.emptyIterator()
                  : Values.items(Values.dict(v), a.budget()).iterator();
      case "dictsort" -> Filters::sortedItems;
      case "map" -> (v, a) -> mapped(v, a).iterator();
      case "select" -> (v, a) -> selected(v, item -> item, a, true);
      case "reject" -> (v, a) -> selected(v, item -> item, a, false);
      case "selectattr" -> (v, a) -> selected(v, attribute(a.get(0, "attr"), a), a.after(1), true);
      case "rejectattr" -> (v, a) -> selected(v, attribute(a.get(0, "attr"), a), a.after(1), false);
      default -> throw new JinjaException("No filter named '%s'", name);
    };
  }

  /** The text of a value, charged to the budget: a small list can print as millions of items. */
  static String text(Object value, Arguments arguments) {
    String text = ValueText.of(value);
    arguments.budget().allocate(text.length());
    return text;
  }

  private static Object nothing(String what) {
    return new Undefined("The " + what + " of an empty sequence");
  }

  /** Calls a method of str with the filter's arguments. */
  private static Object method(String name, Object value, Arguments a) {
    return Callable.call(StringMethods.find(text(value, a), name).orElseThrow(), a);
  }

  private static Object replaced(Object value, Arguments a) {
    String old = text(a.get(0, "old"), a);
    String fresh = text(a.get(1, "new"), a);
    return StringMethods.replace(text(value, a), old, fresh, a.integer(2, "count", -1), a);
  }

  private static Object joined(Object value, Arguments a) {
    Function<Object, Object> key = attribute(a, 1);
    List<Object> items = a.iterate(value);
    items.replaceAll(item -> text(key.apply(item), a));
    return StringMethods.join(text(a.get(0, "d", ""), a), items, a);
  }

  private static Object toInt(Object value, Arguments a) {
    if (value instanceof Boolean) {
      return Values.integer(value);
    }
    String text = StringMethods.strip(text(Values.defined(value), a), None.NONE);
    try {
      return Long.valueOf(text, a.integer(1, "base", 10));
    } catch (NumberFormatException e) {
      boolean isFloat = FLOAT.matcher(text).matches();
      double number = isFloat ? Double.parseDouble(text.replace("_", "")) : Double.NaN;
      return Double.isFinite(number) ? (Object) truncated(number) : a.get(0, "default", 0L);
    }
  }

  private static long truncated(double number) {
    if (Math.abs(number) >= 0x1p63) {
      throw new JinjaException("%s is beyond 64 bits", number);
    }
    return (long) number;
  }

  /** The filter {@code title}: words begin after blanks, hyphens and opening brackets. */
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

  private static String indented(String text, Arguments arguments) {
    String indent = StringMethods.indent(arguments.get(0, "width", 4L));
    boolean blank = arguments.truth(2, "blank", false);
    StringBuilder out = new StringBuilder();
    String[] lines = LINE_END.split(text + "\n", -1); // the last is empty
    arguments.budget().allocate(text.length() + (long) lines.length * indent.length());
    for (int i = 0; i + 1 < lines.length; i++) {
      boolean indents = i == 0 ? arguments.truth(1, "first", false) : blank || !lines[i].isEmpty();
      out.append(i == 0 ? "" : "\n").append(indents ? indent : "").append(lines[i]);
    }
    return out.toString();
  }

  private static List<Object> reversed(List<Object> items) {
    Collections.reverse(items);
    return items;
  }

  private static Object sortedItems(Object value, Arguments a) {
    int by = a.get(1, "by", "key").equals("value") ? 1 : 0;
    Function<Object, Object> key = folded(a, 0, item -> ((List<?>) item).get(by));
    List<Object> items = Values.items(Values.dict(value), a.budget());
    return sorted(items, a.truth(2, "reverse", false), key, a);
  }

  /** Sorts items; equal ones keep their order, also in reverse. */
  private static Object sorted(
      List<Object> items, boolean reverse, Function<Object, Object> key, Arguments a) {
    Comparator<Object> order =
        (left, right) -> {
          a.budget().step();
          return Values.compare(key.apply(left), key.apply(right), a.budget());
        };
    items.sort(reverse ? order.reversed() : order);
    return items;
  }

  /** The key in lower case, unless the argument {@code case_sensitive} is true. */
  private static Function<Object, Object> folded(
      Arguments a, int position, Function<Object, Object> key) {
    boolean asItIs = a.truth(position, "case_sensitive", false);
    return key.andThen(
        value ->
            !asItIs && value instanceof String text
                ? text(text, a).toLowerCase(Locale.ROOT)
                : value);
  }

  private static Object unique(Object value, Arguments a) {
    Map<Object, Object> seen = new LinkedHashMap<>();
    Function<Object, Object> key = folded(a, 0, attribute(a, 1));
    a.iterate(value)
        .forEach(item -> seen.putIfAbsent(Values.key(key.apply(item), a.budget()), item));
    return new ArrayList<>(seen.values()).iterator();
  }

  private static Function<Object, Object> attribute(Arguments a, int position) {
    return attribute(a.get(position, "attribute", None.NONE), a);
  }

  /** Reads {@code a.b.0} or else {@code default} from an item; None reads the item itself. */
  private static Function<Object, Object> attribute(Object path, Arguments a) {
    if (path == None.NONE) {
      return item -> item;
    }
    String[] names = text(path, a).split("\\.", -1);
    Object fallback = a.named().getOrDefault("default", None.NONE);
    return item -> {
      Object value = item;
      for (String name : names) {
        a.budget().work(name.length());
        boolean number = !name.isEmpty() && name.chars().allMatch(Character::isDigit);
        value = Values.item(value, number ? (Object) Long.valueOf(name) : name, a.budget());
        value = value instanceof Undefined && fallback != None.NONE ? fallback : value;
      }
      return value;
    };
  }

  /** The items for map and select; none for a false value of any type. */
  private static List<Object> itemsOrNone(Object value, Arguments arguments) {
    return Values.isTrue(value) ? arguments.iterate(value) : new ArrayList<>();
  }

  private static List<Object> mapped(Object value, Arguments arguments) {
    List<Object> items = itemsOrNone(value, arguments);
    Object path = arguments.named().get("attribute");
    if (path != null) {
      items.replaceAll(attribute(path, arguments)::apply);
      return items;
    }
    BiFunction<Object, Arguments, Object> filter = named(arguments.string(0, "filter"));
    Arguments rest = arguments.after(1);
    items.replaceAll(item -> filter.apply(item, rest));
    return items;
  }

  private static Object selected(
      Object value, Function<Object, Object> key, Arguments arguments, boolean wanted) {
    List<Object> items = itemsOrNone(value, arguments);
    BiPredicate<Object, Arguments> test =
        arguments.positional().isEmpty()
            ? (item, none) -> Values.isTrue(item)
            : ValueTests.named(text(arguments.positional().get(0), arguments));
    Arguments rest = arguments.after(1);
    items.removeIf(item -> test.test(key.apply(item), rest) != wanted);
    return items.iterator();
  }
}
