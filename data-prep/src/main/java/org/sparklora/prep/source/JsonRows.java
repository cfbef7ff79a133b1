package org.sparklora.prep.source;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.hadoop.util.functional.CallableRaisingIOE;
import org.sparklora.prep.source.BadRowException.Reason;
import org.sparklora.text.json.JsonProblem;

/**
 * JSON as Python's json module reads it: allows NaN (not in {@link #node}) and strings of up to 32
 * Mi characters, and nothing after the value.
 */
public final class JsonRows {
  /** Reads any value. */
  public static final JsonMapper MAPPER =
      mapper().enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS).build();

  private static final ObjectReader ROW = MAPPER.readerForMapOf(Object.class);

  /** Reads the object at a parser's position; other values may follow. */
  static final ObjectReader ELEMENT = ROW.without(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private static final JsonMapper NODES = mapper().build();

  private JsonRows() {}

  private static JsonMapper.Builder mapper() {
    return JsonMapper.builder(
            JsonFactory.builder()
                // Reasoning traces run to megabytes; Jackson's default limit is meant for servers.
                .streamReadConstraints(
                    StreamReadConstraints.builder().maxStringLength(LineReader.MOST_BYTES).build())
                .build())
        .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
        .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION);
  }

  /** The object in a line, and nothing after it. */
  static Map<String, Object> parse(LineReader line) throws IOException {
    requireWhole(line);
    Map<String, Object> row =
        ROW.readValue(line.buffer(), line.offset(), line.length() - line.offset());
    if (row == null) {
      throw new IOException("it is null, not an object");
    }
    return row;
  }

  /** Passes on a row or, if it is invalid or has texts that UTF-8 cannot hold, its problem. */
  static void pass(
      CallableRaisingIOE<Map<String, Object>> parsing, Supplier<String> place, RowHandler handler) {
    SourceRow row;
    try {
      row = new SourceRow(parsing.apply(), place);
      requireText(row.values());
    } catch (IOException e) {
      String problem = "no JSON object: " + problem(e);
      handler.bad(new BadRowException(Reason.MALFORMED_ROW, problem, place.get(), e));
      return;
    }
    handler.row(row);
  }

  /** The object in a line as a tree, and nothing after it. */
  public static ObjectNode node(LineReader line) throws IOException {
    requireWhole(line);
    JsonNode row = NODES.readTree(line.buffer(), line.offset(), line.length() - line.offset());
    if (!(row instanceof ObjectNode fields)) {
      throw new IOException("it is something else");
    }
    requireText(NODES.convertValue(fields, Object.class));
    return fields;
  }

  private static void requireWhole(LineReader line) throws IOException {
    if (line.isTooLong()) {
      throw new IOException(
          "the line has more than %s MiB; divide its text among several rows"
              .formatted(LineReader.MOST_BYTES >> 20));
    }
  }

  /** Refuses lone surrogates, which cannot be written as UTF-8. */
  private static void requireText(Object value) throws IOException {
    if (value instanceof String text) {
      for (int i = 0; i < text.length(); i++) {
        if (Character.isSurrogate(text.charAt(i))) {
          if (Character.isBmpCodePoint(text.codePointAt(i))) {
            throw new IOException(
                "character %s of a text is \\u%04x, half of a surrogate pair"
                    .formatted(i + 1, (int) text.charAt(i)));
          }
          i++; // the other half
        }
      }
    } else if (value instanceof List<?> list) {
      for (Object element : list) {
        requireText(element);
      }
    } else if (value instanceof Map<?, ?> map) {
      for (Map.Entry<?, ?> field : map.entrySet()) {
        requireText(field.getKey());
        requireText(field.getValue());
      }
    }
  }

  /** The parser's problem, in one line. */
  public static String problem(Exception e) {
    String line = JsonProblem.of(e);
    return line.startsWith("Trailing token") ? "something follows the object" : line;
  }
}
