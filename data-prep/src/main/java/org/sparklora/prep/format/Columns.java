package org.sparklora.prep.format;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.sparklora.prep.source.BadRowException;
import org.sparklora.prep.source.BadRowException.Reason;
import org.sparklora.prep.source.JsonRows;

/**
 * Reads the values of a row's columns; a value of the wrong type is a bad row. Parses JSON in text
 * columns, and removes the nulls that columnar formats put into structs.
 */
final class Columns {
  private Columns() {}

  static String text(Map<String, Object> row, String column) {
    if (row.get(column) instanceof String text) {
      return text;
    }
    throw wrong(column, row.get(column), "text");
  }

  static boolean hasText(Map<String, Object> row, String column) {
    return row.get(column) instanceof String text && !text.isBlank();
  }

  static int[] ints(Map<String, Object> row, String column) {
    if (!(row.get(column) instanceof List<?> values)) {
      throw wrong(column, row.get(column), "a list of integers");
    }
    int[] ints = new int[values.size()];
    for (int i = 0; i < ints.length; i++) {
      Object value = values.get(i);
      if (value instanceof Boolean bit) {
        ints[i] = bit ? 1 : 0;
      } else if (value instanceof Number number && number.longValue() == number.doubleValue()) {
        ints[i] =
            (int) Math.max(Integer.MIN_VALUE, Math.min(Integer.MAX_VALUE, number.longValue()));
      } else {
        throw wrong("%s[%s]".formatted(column, i), value, "an integer");
      }
    }
    return ints;
  }

  /**
   * Variables for the chat template besides the messages: {@code tools}, and the entries of {@code
   * chat_template_kwargs}.
   *
   * @throws BadRowException without a place, when one of them has another shape
   */
  static Map<String, Object> templateVariables(Map<String, Object> row) {
    Map<String, Object> variables = new LinkedHashMap<>();
    Object tools = parsed(row, "tools");
    if (tools != null) {
      variables.put("tools", tools(tools)); // templates may tell an empty list from none
    }
    Object arguments = parsed(row, "chat_template_kwargs");
    if (arguments instanceof Map<?, ?> map) {
      map.forEach((name, value) -> variables.put(String.valueOf(name), value));
    } else if (arguments != null) {
      throw wrong("chat_template_kwargs", arguments, "a map of variables");
    }
    return variables;
  }

  /** A column's value. In JSON text a null is meant, such as a default in a tool's schema. */
  private static Object parsed(Map<String, Object> row, String column) {
    if (row.get(column) instanceof String json) {
      return json.isBlank() ? null : parse(json, column);
    }
    return withoutNulls(row.get(column));
  }

  private static List<Object> tools(Object value) {
    if (!(value instanceof List<?> list)) {
      throw wrong("tools", value, "a list of tools");
    }
    List<Object> tools = new ArrayList<>(list.size());
    for (Object entry : list) {
      Object tool = entry instanceof String json ? parse(json, "tools") : entry;
      if (!(tool instanceof Map)) {
        throw wrong("tools", value, "a list of tools");
      }
      tools.add(tool);
    }
    return tools;
  }

  static Object parse(String json, String column) {
    try {
      return JsonRows.MAPPER.readValue(json, Object.class);
    } catch (JsonProcessingException e) {
      throw new BadRowException(
          Reason.WRONG_COLUMNS,
          "column %s is text but no JSON (%s)".formatted(column, e.getOriginalMessage()),
          "",
          e);
    }
  }

  /**
   * The value without null entries of structs. A Parquet column gives each message every key that
   * any message has; templates that test whether {@code tool_calls} exists must not find it.
   */
  static Object withoutNulls(Object value) {
    if (value instanceof Map<?, ?> map) {
      Map<String, Object> copy = new LinkedHashMap<>();
      map.forEach(
          (key, inner) -> {
            if (inner != null) {
              copy.put(String.valueOf(key), withoutNulls(inner));
            }
          });
      return copy;
    }
    if (value instanceof List<?> list) {
      return list.stream().map(Columns::withoutNulls).toList();
    }
    return value;
  }

  static BadRowException wrong(String column, Object value, String wanted) {
    String shown =
        value == null
            ? "missing"
            : "%s (%s)".formatted(kind(value), abbreviate(String.valueOf(value)));
    return new BadRowException(
        Reason.WRONG_COLUMNS, "column %s is %s and not %s".formatted(column, shown, wanted), "");
  }

  static String kind(Object value) {
    if (value instanceof String) {
      return "text";
    }
    if (value instanceof Number) {
      return "a number";
    }
    if (value instanceof Boolean) {
      return "a truth value";
    }
    if (value instanceof List) {
      return "a list";
    }
    return value instanceof Map ? "a struct" : "of an unknown type";
  }

  private static String abbreviate(String text) {
    return text.length() <= 40 ? text : text.substring(0, 40) + "…";
  }
}
