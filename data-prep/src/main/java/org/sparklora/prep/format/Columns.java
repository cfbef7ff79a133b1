package org.sparklora.prep.format;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.sparklora.prep.source.BadRowException;
import org.sparklora.prep.source.BadRowException.Reason;

/** Reads the values of a row's columns; a value of the wrong type is a bad row. */
final class Columns {

  private Columns() {}

  /** The text in a column. */
  static String text(Map<String, Object> row, String column) {
    if (row.get(column) instanceof String text) {
      return text;
    }
    throw wrong(column, row.get(column), "text");
  }

  /** Whether the column holds text that is not blank. */
  static boolean hasText(Map<String, Object> row, String column) {
    return row.get(column) instanceof String text && !text.isBlank();
  }

  /** The integers in a column. */
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
   */
  static Map<String, Object> templateVariables(Map<String, Object> row) {
    Map<String, Object> variables = new LinkedHashMap<>();
    Object tools = row.get("tools");
    if (tools instanceof String json) {
      tools = json.isBlank() ? null : Json.parse(json, "tools");
    }
    if (tools instanceof Collection<?> list
        && !list.isEmpty()) { // templates print boilerplate for an empty list
      variables.put("tools", Json.withoutNulls(list));
    }
    Object arguments = row.get("chat_template_kwargs");
    if (arguments instanceof String json) {
      arguments = json.isBlank() ? null : Json.parse(json, "chat_template_kwargs");
    }
    if (arguments instanceof Map<?, ?> map) {
      map.forEach(
          (name, value) -> {
            if (value != null) {
              variables.put(String.valueOf(name), Json.withoutNulls(value));
            }
          });
    }
    return variables;
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
