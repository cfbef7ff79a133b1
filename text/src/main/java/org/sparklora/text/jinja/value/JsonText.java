package org.sparklora.text.jinja.value;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** Python's {@code json.dumps}, with which templates print tools and arguments. */
record JsonText(
    boolean ascii,
    Optional<String> indent,
    List<?> separators,
    boolean sorted,
    RenderLimit budget,
    StringBuilder out) {
  /** The deepest nesting written: deeper than any tool's schema, like the JSON readers' limits. */
  private static final int MAX_NESTING = 1000;

  /** Characters written as a backslash and the letter at the same index of LETTERS. */
  private static final String ESCAPED = "\"\\\n\r\t\b\f";

  private static final String LETTERS = "\"\\nrtbf";

  /**
   * The filter {@code tojson(ensure_ascii=False, indent=None, separators=None, sort_keys=False)}.
   */
  static String of(Object value, Arguments arguments) {
    Optional<String> indent =
        arguments.find(1, "indent").filter(given -> given != None.NONE).map(StringMethods::indent);
    JsonText json =
        new JsonText(
            arguments.truth(0, "ensure_ascii", false),
            indent,
            arguments.get(2, "separators", None.NONE) instanceof List<?> list && list.size() == 2
                ? list
                : List.of(indent.isEmpty() ? ", " : ",", ": "),
            arguments.truth(3, "sort_keys", false),
            arguments.budget(),
            new StringBuilder());
    json.write(value, 0);
    json.budget.allocate(json.out.length()); // also separators, which may be long
    return json.out.toString();
  }

  private void write(Object value, int level) {
    budget.step();
    budget.bound(out.length());
    indent.ifPresent(unit -> budget.allocate((long) level * unit.length()));
    if (level > MAX_NESTING) {
      throw new JinjaException("A value nests more than %d deep and is not written", MAX_NESTING);
    }
    if (value instanceof String text) {
      quote(text);
    } else if (value instanceof Boolean || value instanceof Long || value instanceof BigInteger) {
      out.append(value);
    } else if (value == None.NONE) {
      out.append("null");
    } else if (value instanceof Double number) {
      out.append(Double.isFinite(number) ? ValueText.ofFloat(number) : number.toString());
    } else if (value instanceof Map<?, ?> dict) {
      writeDict(dict, level);
    } else if (value instanceof List<?> list) {
      writeAll('[', list, level, item -> write(item, level + 1));
      out.append(']');
    } else {
      throw new JinjaException(
          "A value of type %s cannot be written as JSON", Values.typeName(value));
    }
  }

  private void writeDict(Map<?, ?> dict, int level) {
    List<Map.Entry<?, ?>> entries = new ArrayList<>(dict.entrySet());
    if (sorted) {
      entries.sort(
          Comparator.comparing(entry -> key(entry.getKey()), StringMethods::compareCodePoints));
    }
    writeAll(
        '{',
        entries,
        level,
        entry -> {
          quote(key(entry.getKey()));
          out.append(separator(1));
          write(entry.getValue(), level + 1);
        });
    out.append('}');
  }

  private <T> void writeAll(char open, Collection<T> items, int level, Consumer<T> write) {
    out.append(open);
    String separator = "";
    for (T item : items) {
      out.append(separator);
      newLine(level + 1);
      write.accept(item);
      separator = separator(0);
    }
    if (!items.isEmpty()) {
      newLine(level);
    }
  }

  /** The separator between items (0) or after keys (1). */
  private String separator(int which) {
    return ValueText.of(separators.get(which));
  }

  private static String key(Object key) {
    return key == None.NONE ? "null" : key instanceof Boolean ? key.toString() : ValueText.of(key);
  }

  private void newLine(int level) {
    indent.ifPresent(unit -> out.append('\n').append(unit.repeat(level)));
  }

  private void quote(String text) {
    budget.allocate(text.length());
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      int escape = ESCAPED.indexOf(c);
      if (escape >= 0) {
        out.append('\\').append(LETTERS.charAt(escape));
      } else if (c < 0x20 || ascii && c > 0x7e) {
        out.append("\\u%04x".formatted((int) c));
      } else {
        out.append(c);
      }
    }
    out.append('"');
  }
}
