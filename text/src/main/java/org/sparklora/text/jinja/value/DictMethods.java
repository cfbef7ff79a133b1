package org.sparklora.text.jinja.value;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Python's dict methods that change nothing; those that change a dict or list are refused. */
public final class DictMethods {
  private static final Set<String> CHANGE_LIST =
      Set.of("append", "extend", "insert", "pop", "remove", "clear", "sort", "reverse");

  private DictMethods() {}

  public static Optional<Object> find(Object target, String name) {
    if (target instanceof Map<?, ?> dict) {
      return Optional.ofNullable(ofDict(dict, name));
    }
    boolean changes = target instanceof List && CHANGE_LIST.contains(name);
    return changes ? Optional.of(changes("list", name)) : Optional.empty();
  }

  private static Callable ofDict(Map<?, ?> dict, String name) {
    return switch (name) {
      case "items" -> a -> items(dict, a);
      case "keys" -> a -> Values.iterate(dict, a.budget());
      case "values" -> a -> Values.iterate(new ArrayList<>(dict.values()), a.budget());
      case "get" ->
          a -> {
            Object value = dict.get(Values.key(a.get(0, "key"), a.budget()));
            return value == null ? a.get(1, "default", None.NONE) : value;
          };
      case "pop", "popitem", "update", "clear", "setdefault" -> changes("dict", name);
      default -> null;
    };
  }

  public static List<Object> items(Map<?, ?> dict, Arguments arguments) {
    arguments.budget().items(dict.size());
    List<Object> items = new ArrayList<>();
    dict.forEach((key, value) -> items.add(new Tuple(List.of(key, value))));
    return items;
  }

  private static Callable changes(String type, String name) {
    return a -> {
      throw new JinjaException(
          "Cannot call %s.%s: a template may not change the values it was given", type, name);
    };
  }
}
