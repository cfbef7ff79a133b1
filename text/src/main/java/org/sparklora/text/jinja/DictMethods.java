package org.sparklora.text.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The methods of Python's dict and list that do not change them; the sandbox has no others. */
final class DictMethods {
  private DictMethods() {}

  static Optional<Callable> find(Map<?, ?> dict, String name) {
    return Optional.ofNullable(
        switch (name) {
          case "items" -> a -> items(dict, a);
          case "keys" -> a -> Values.iterate(dict, a.budget());
          case "values" ->
              a -> {
                a.budget().allocate(dict.size());
                return new ArrayList<Object>(dict.values());
              };
          case "get" ->
              a -> {
                Object value = dict.get(Values.key(a.get(0, "key")));
                return value == null ? a.get(1, "default", None.NONE) : value;
              };
          case "pop", "popitem", "update", "clear", "setdefault" -> changes("dict", name);
          default -> null;
        });
  }

  static Optional<Callable> find(List<?> list, String name) {
    return Optional.ofNullable(
        switch (name) {
          case "append", "extend", "insert", "pop", "remove", "clear", "sort", "reverse" ->
              changes("list", name);
          default -> null;
        });
  }

  static List<Object> items(Map<?, ?> dict, Arguments arguments) {
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
