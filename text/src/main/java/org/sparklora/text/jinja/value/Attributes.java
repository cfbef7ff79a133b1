package org.sparklora.text.jinja.value;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Reads {@code target.name} and {@code target[key]}. Lists and dicts have Python's methods that
 * change nothing; those that change a list or dict are refused.
 */
public final class Attributes {
  private static final Set<String> CHANGE_LIST =
      Set.of("append", "extend", "insert", "pop", "remove", "clear", "sort", "reverse");

  private Attributes() {}

  /** A value with attributes of its own, and neither keys nor methods. */
  public interface Owner {
    Optional<Object> attribute(String name);
  }

  /** {@code target.name}: a method if it exists, else a key, as in Jinja2. */
  public static Object of(Object target, String name, RenderLimit budget) {
    Optional<Object> own = own(Values.defined(target), name);
    if (own.isPresent() || target instanceof Map) {
      return own.orElseGet(() -> Values.item(target, name, budget));
    }
    return new Undefined("'%s' of a value of type %s".formatted(name, Values.typeName(target)));
  }

  /** {@code target[key]}: a key or index if it exists, else a method of that name. */
  public static Object item(Object target, Object key, RenderLimit budget) {
    Object value = Values.item(target, key, budget);
    return value instanceof Undefined && key instanceof String name
        ? own(target, name).orElse(value)
        : value;
  }

  private static Optional<Object> own(Object target, String name) {
    if (target instanceof Owner owner) {
      return owner.attribute(name);
    }
    if (target instanceof String text) {
      return StringMethods.find(text, name);
    }
    if (target instanceof Map<?, ?> dict) {
      return Optional.ofNullable(ofDict(dict, name));
    }
    boolean changes = target instanceof List && CHANGE_LIST.contains(name);
    return changes ? Optional.of(changes("list", name)) : Optional.empty();
  }

  private static Callable ofDict(Map<?, ?> dict, String name) {
    return switch (name) {
      case "items" -> a -> Values.items(dict, a.budget());
      case "keys" -> a -> a.iterate(dict);
      case "values" -> a -> a.iterate(new ArrayList<>(dict.values()));
      case "get" ->
          a -> {
            Object value = dict.get(Values.key(a.get(0, "key"), a.budget()));
            return value == null ? a.get(1, "default", None.NONE) : value;
          };
      case "pop", "popitem", "update", "clear", "setdefault" -> changes("dict", name);
      default -> null;
    };
  }

  private static Callable changes(String type, String name) {
    return a -> {
      throw new JinjaException(
          "Cannot call %s.%s: a template may not change the values it was given", type, name);
    };
  }
}
