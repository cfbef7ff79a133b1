package org.sparklora.text.jinja.value;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Python's values as a template sees them: None, bool, int (64 bits), float, str, list, tuple,
 * dict, {@link Namespace}, {@link Callable} and {@link Undefined}. Strings count code points, as
 * Python's do.
 */
public final class Values {
  private Values() {}

  /** Converts a JSON-like Java value (map, list, string, number, boolean, null) to a template's. */
  public static Object fromJava(Object value) {
    if (value == null) {
      return None.NONE;
    }
    if (value instanceof Map<?, ?> map) {
      Map<Object, Object> dict = new LinkedHashMap<>();
      map.forEach((key, item) -> dict.put(fromJava(key), fromJava(item)));
      return dict;
    }
    if (value instanceof Iterable<?> items) {
      List<Object> list = new ArrayList<>();
      items.forEach(item -> list.add(fromJava(item)));
      return list;
    }
    if (value instanceof Float || value instanceof Double || value instanceof BigDecimal) {
      return ((Number) value).doubleValue();
    }
    if (value instanceof BigInteger big && big.bitLength() > 63) {
      return big; // only printed, never computed with
    }
    if (value instanceof Number number) {
      return number.longValue();
    }
    if (value instanceof Boolean || value instanceof None) {
      return value;
    }
    return value.toString();
  }

  public static boolean isTrue(Object value) {
    if (value instanceof Boolean flag) {
      return flag;
    }
    return value instanceof Number number
        ? number.doubleValue() != 0
        : !(value == None.NONE
            || value instanceof Undefined
            || value.equals("")
            || value instanceof List<?> list && list.isEmpty()
            || value instanceof Map<?, ?> dict && dict.isEmpty());
  }

  /** The value; an {@link Undefined} is refused. */
  static Object defined(Object value) {
    if (value instanceof Undefined undefined) {
      throw new JinjaException(undefined.what() + " is undefined");
    }
    return value;
  }

  static String typeName(Object value) {
    Map<Class<?>, String> names =
        Map.of(
            String.class, "str",
            Boolean.class, "bool",
            Long.class, "int",
            BigInteger.class, "int",
            Double.class, "float",
            Tuple.class, "tuple",
            None.class, "None",
            Undefined.class, "undefined");
    String kind =
        value instanceof List
            ? "list"
            : value instanceof Map ? "dict" : value instanceof Iterator ? "generator" : "function";
    return names.getOrDefault(value.getClass(), kind);
  }

  /** Python's {@code ==}: numbers and booleans by value, a list never equal to a tuple. */
  static boolean equal(Object left, Object right, RenderLimit budget) {
    if (isNumber(left) && isNumber(right)) {
      return left instanceof Double || right instanceof Double
          ? number(left) == number(right)
          : integer(left) == integer(right);
    }
    if (left instanceof List<?> a && right instanceof List<?> b) {
      budget.work(16L * a.size()); // each item is a step
      return left instanceof Tuple == right instanceof Tuple
          && a.size() == b.size()
          && budget.nested(
              () -> IntStream.range(0, a.size()).allMatch(i -> equal(a.get(i), b.get(i), budget)));
    }
    if (left instanceof Map<?, ?> a && right instanceof Map<?, ?> b) {
      budget.work(16L * a.size());
      return a.size() == b.size()
          && budget.nested(
              () -> a.keySet().stream().allMatch(k -> equal(a.get(k), b.get(k), budget)));
    }
    if (left instanceof String text) {
      budget.work(text.length());
    }
    return left.equals(right);
  }

  /** Python's order of two numbers or strings. */
  static int compare(Object left, Object right, RenderLimit budget) {
    if (isNumber(left) && isNumber(right)) {
      return left instanceof Double || right instanceof Double
          ? Double.compare(number(left) + 0.0, number(right) + 0.0) // -0.0 equals 0.0
          : Long.compare(integer(left), integer(right));
    }
    if (left instanceof String a && right instanceof String b) {
      budget.work((long) a.length() + b.length());
      return StringMethods.compareCodePoints(a, b);
    }
    throw new JinjaException("Cannot order %s and %s", typeName(defined(left)), typeName(right));
  }

  static boolean isNumber(Object value) {
    return value instanceof Long || value instanceof Double || value instanceof Boolean;
  }

  /** A number as a double; True is 1. */
  static double number(Object value) {
    return value instanceof Boolean flag ? (flag ? 1 : 0) : ((Number) value).doubleValue();
  }

  /** An int or bool as a long. */
  static long integer(Object value) {
    return value instanceof Boolean flag ? (flag ? 1 : 0) : (Long) value;
  }

  static int asIndex(Object value) {
    if (value instanceof Long || value instanceof Boolean) {
      return (int) Math.max(Integer.MIN_VALUE, Math.min(Integer.MAX_VALUE, integer(value)));
    }
    throw new JinjaException("Expected an integer, found " + typeName(value));
  }

  /** The items that a for loop iterates over. */
  public static List<Object> iterate(Object value, RenderLimit budget) {
    if (value instanceof String text) {
      budget.items(text.length());
      List<Object> characters = new ArrayList<>(text.length());
      text.codePoints().forEach(point -> characters.add(Character.toString(point)));
      return characters;
    }
    if (value instanceof Iterator<?> unread) {
      List<Object> items = new ArrayList<>();
      unread.forEachRemaining(items::add);
      budget.allocate(items.size());
      return items;
    }
    Collection<?> items = collection(value, "Cannot iterate over %s");
    budget.allocate(items.size());
    return new ArrayList<>(items);
  }

  private static Collection<?> collection(Object value, String refusal) {
    if (value instanceof Collection<?> items) {
      return items;
    }
    if (value instanceof Map<?, ?> dict) {
      return dict.keySet();
    }
    if (value instanceof Undefined) {
      return List.of();
    }
    throw new JinjaException(refusal, typeName(value));
  }

  /** A dict; another value is refused. */
  public static Map<?, ?> dict(Object value) {
    if (value instanceof Map<?, ?> dict) {
      return dict;
    }
    throw new JinjaException("Expected a dict, found " + typeName(value));
  }

  /** The entries of a dict, as tuples. */
  static List<Object> items(Map<?, ?> dict, RenderLimit budget) {
    budget.items(dict.size());
    List<Object> items = new ArrayList<>();
    dict.forEach((key, value) -> items.add(new Tuple(List.of(key, value))));
    return items;
  }

  static long length(Object value, RenderLimit budget) {
    if (value instanceof String text) {
      budget.work(text.length());
      return text.codePointCount(0, text.length());
    }
    return collection(value, "A value of type %s has no length").size();
  }

  static boolean contains(Object container, Object item, RenderLimit budget) {
    if (container instanceof String text) {
      if (!(item instanceof String part)) {
        throw new JinjaException("Cannot look for %s in a string", typeName(item));
      }
      budget.search(text.length(), part.length());
      return text.contains(part);
    }
    if (container instanceof Map<?, ?> dict) {
      return dict.containsKey(key(item, budget));
    }
    return iterate(container, budget).stream().anyMatch(one -> equal(one, item, budget));
  }

  /** {@code target[key]}; missing keys and indexes are undefined. */
  static Object item(Object target, Object key, RenderLimit budget) {
    if (target instanceof Map<?, ?> dict) {
      Object value = isHashable(key, budget) ? dict.get(key) : null;
      return value == null ? new Undefined(brief(key) + " of a dict") : value;
    }
    if ((target instanceof List<?> || target instanceof String)
        && (key instanceof Long || key instanceof Boolean)) {
      long size = length(target, budget);
      long index = integer(key) < 0 ? integer(key) + size : integer(key);
      if (index < 0 || index >= size) {
        return new Undefined("index " + key);
      }
      if (target instanceof List<?> list) {
        return list.get((int) index);
      }
      String text = (String) target;
      return Character.toString(text.codePointAt(text.offsetByCodePoints(0, (int) index)));
    }
    return new Undefined(brief(key) + " of " + typeName(defined(target)));
  }

  /** A key for an error message; cheap, since few undefined values are ever reported. */
  private static String brief(Object key) {
    return key instanceof String text && text.length() < 100
        ? "'" + text + "'"
        : key instanceof Long ? key.toString() : "a " + typeName(key);
  }

  /** Checks a dict's key: as in Python, no list or dict, nor a tuple that holds one. */
  public static Object key(Object value, RenderLimit budget) {
    if (!isHashable(value, budget)) {
      throw new JinjaException("A %s cannot be a key", typeName(value));
    }
    return value;
  }

  /** Charges a step for each item of a tuple and of the tuples in it: each is hashed. */
  private static boolean isHashable(Object value, RenderLimit budget) {
    if (!(value instanceof Tuple tuple)) {
      return !(value instanceof List || value instanceof Map);
    }
    budget.descend();
    boolean hashable = true;
    for (int i = 0; hashable && i < tuple.size(); i++) {
      budget.step();
      hashable = isHashable(tuple.get(i), budget);
    }
    budget.ascend();
    return hashable;
  }

  /** {@code target[start:stop:step]}; start, stop and step may be None. */
  public static Object slice(
      Object target, Object start, Object stop, Object step, RenderLimit budget) {
    defined(target);
    if (!(target instanceof String) && !(target instanceof List)) {
      return new Undefined("a slice of " + typeName(target));
    }
    int by = step == None.NONE ? 1 : asIndex(step);
    if (by == 0) {
      throw new JinjaException("A slice's step is 0");
    }
    int size = (int) length(target, budget);
    int from = bound(start, by > 0 ? 0 : size - 1, size, by);
    int to = bound(stop, by > 0 ? size : -1, size, by);
    budget.work(size);
    if (target instanceof String text && by == 1) {
      int begin = text.offsetByCodePoints(0, from);
      return from >= to ? "" : text.substring(begin, text.offsetByCodePoints(begin, to - from));
    }
    List<Object> source = iterate(target, budget);
    List<Object> picked = new ArrayList<>();
    for (long i = from; by > 0 ? i < to : i > to; i += by) {
      picked.add(source.get((int) i));
    }
    if (target instanceof String) {
      return picked.stream().map(Object::toString).collect(Collectors.joining());
    }
    return target instanceof Tuple ? new Tuple(picked) : picked;
  }

  private static int bound(Object value, int fallback, int size, int step) {
    if (value == None.NONE) {
      return fallback;
    }
    long index = asIndex(value);
    index += index < 0 ? size : 0;
    return (int)
        (step > 0 ? Math.max(0, Math.min(size, index)) : Math.max(-1, Math.min(size - 1, index)));
  }
}
