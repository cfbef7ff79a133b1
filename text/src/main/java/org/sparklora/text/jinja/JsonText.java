package org.sparklora.text.jinja;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/** Python's {@code json.dumps}, with which templates print tools and arguments. */
final class JsonText {
  /** Deeper than any tool's schema; the JSON reader that feeds us has the same order of bound. */
  private static final int MAX_NESTING = 1000;

  private final boolean ascii;
  private final String indent; // null: everything on one line
  private final String itemSeparator;
  private final String keySeparator;
  private final boolean sorted;
  private final Arguments call;
  private final StringBuilder out = new StringBuilder();

  private JsonText(
      boolean ascii,
      String indent,
      String itemSeparator,
      String keySeparator,
      boolean sorted,
      Arguments call) {
    this.ascii = ascii;
    this.indent = indent;
    this.itemSeparator = itemSeparator;
    this.keySeparator = keySeparator;
    this.sorted = sorted;
    this.call = call;
  }

  /**
   * The filter {@code tojson(ensure_ascii=False, indent=None, separators=None, sort_keys=False)}.
   */
  static String of(Object value, Arguments arguments) {
    Object indent = arguments.get(1, "indent", None.NONE);
    String unit =
        indent == None.NONE
            ? null
            : indent instanceof String text
                ? text
                : " ".repeat(Math.min(64, Math.max(0, arguments.integer(1, "indent", 0))));
    Object separators = arguments.get(2, "separators", None.NONE);
    List<?> pair =
        separators instanceof List<?> list && list.size() == 2
            ? list
            : List.of(unit == null ? ", " : ",", ": ");
    JsonText json =
        new JsonText(
            arguments.truth(0, "ensure_ascii", false),
            unit,
            Values.text(pair.get(0)),
            Values.text(pair.get(1)),
            arguments.truth(3, "sort_keys", false),
            arguments);
    json.write(value, 0);
    return json.out.toString();
  }

  private void write(Object value, int level) {
    call.budget().step();
    call.budget().bound(out.length());
    if (indent != null) {
      call.budget().allocate((long) level * indent.length());
    }
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
      out.append(
          number.isNaN()
              ? "NaN"
              : number.isInfinite()
                  ? (number > 0 ? "Infinity" : "-Infinity")
                  : Values.floatText(number));
    } else if (value instanceof Map<?, ?> dict) {
      writeDict(dict, level);
    } else if (value instanceof List<?> list) {
      out.append('[');
      for (int i = 0; i < list.size(); i++) {
        out.append(i == 0 ? "" : itemSeparator);
        newLine(level + 1);
        write(list.get(i), level + 1);
      }
      if (!list.isEmpty()) {
        newLine(level);
      }
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
    out.append('{');
    String separator = "";
    for (Map.Entry<?, ?> entry : entries) {
      out.append(separator);
      newLine(level + 1);
      quote(key(entry.getKey()));
      out.append(keySeparator);
      write(entry.getValue(), level + 1);
      separator = itemSeparator;
    }
    if (!entries.isEmpty()) {
      newLine(level);
    }
    out.append('}');
  }

  private static String key(Object key) {
    return key == None.NONE ? "null" : key instanceof Boolean ? key.toString() : Values.text(key);
  }

  private void newLine(int level) {
    if (indent != null) {
      out.append('\n').append(indent.repeat(level));
    }
  }

  private void quote(String text) {
    call.budget().allocate(text.length());
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        case '\b' -> out.append("\\b");
        case '\f' -> out.append("\\f");
        default -> {
          if (c < 0x20 || ascii && c > 0x7e) {
            out.append("\\u%04x".formatted((int) c));
          } else {
            out.append(c);
          }
        }
      }
    }
    out.append('"');
  }
}
