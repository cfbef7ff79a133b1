package org.sparklora.prep.format;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.sparklora.prep.source.BadRowException;
import org.sparklora.prep.source.BadRowException.Reason;

/** Parses JSON in text columns, and removes the nulls that columnar formats put into structs. */
final class Json {
  private static final ObjectMapper MAPPER =
      new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private Json() {}

  static Object parse(String json, String column) {
    try {
      return MAPPER.readValue(json, Object.class);
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
      return list.stream().map(Json::withoutNulls).toList();
    }
    return value;
  }
}
