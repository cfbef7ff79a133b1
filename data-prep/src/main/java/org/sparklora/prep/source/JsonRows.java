package org.sparklora.prep.source;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.util.Map;

/**
 * JSON as Python's json module reads it: NaN allowed, no limit on the length of a string, nothing
 * behind the value.
 */
final class JsonRows {
  static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  // Reasoning traces run to megabytes; the default limit is there for servers.
                  .streamReadConstraints(
                      StreamReadConstraints.builder().maxStringLength(Integer.MAX_VALUE).build())
                  .build())
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
          .build();

  private static final ObjectReader ROW = MAPPER.readerForMapOf(Object.class);

  private static final ObjectReader ELEMENT =
      ROW.without(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private JsonRows() {}

  /** The object in these bytes. */
  static Map<String, Object> parse(byte[] bytes, int offset, int length) throws IOException {
    Map<String, Object> row = ROW.readValue(bytes, offset, length);
    if (row == null) {
      throw new IOException("it is null, not an object");
    }
    return row;
  }

  /** The object at whose beginning the parser stands; other values may follow. */
  static Map<String, Object> next(JsonParser parser) throws IOException {
    return ELEMENT.readValue(parser);
  }

  /** What the parser complains about, in one line. */
  static String problem(Exception e) {
    String message =
        e instanceof JsonProcessingException json ? json.getOriginalMessage() : e.getMessage();
    return String.valueOf(message).lines().findFirst().orElse("no reason given");
  }
}
