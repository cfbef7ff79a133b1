package org.sparklora.prep.source;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.sparklora.prep.source.BadRowException.Reason;

/** A file that is one JSON array of objects. After a syntax error nothing more can be read. */
record JsonArraySplit(DatasetFile file) implements DatasetSplit {

  @Override
  public void read(Configuration configuration, Set<String> columns, RowHandler handler) {
    long row = 0;
    try (InputStream in = DataStreams.open(configuration, file);
        JsonParser parser = JsonRows.MAPPER.createParser(in)) {
      parser.nextToken();
      for (JsonToken token = parser.nextToken();
          token != JsonToken.END_ARRAY;
          token = parser.nextToken()) {
        row++;
        String place = place(row);
        if (token == JsonToken.START_OBJECT) {
          hand(JsonRows.next(parser), place, handler);
        } else if (token == null) {
          throw new IOException("the array is not closed; the file was cut off");
        } else {
          parser.skipChildren();
          handler.bad(
              new BadRowException(Reason.MALFORMED_ROW, "the element is no JSON object", place));
        }
      }
      if (parser.nextToken() != null) {
        throw new IOException("something follows the array");
      }
    } catch (IOException e) {
      handler.bad(
          new BadRowException(
              Reason.UNREADABLE_FILE,
              "no JSON from here on: " + JsonRows.problem(e),
              place(Math.max(row, 1)),
              e));
    }
  }

  /** Passes a row on; if its text is invalid, only this row is bad. */
  private static void hand(Map<String, Object> values, String place, RowHandler handler) {
    try {
      JsonRows.requireText(values);
    } catch (IOException e) {
      handler.bad(new BadRowException(Reason.MALFORMED_ROW, e.getMessage(), place, e));
      return;
    }
    handler.row(new SourceRow(values, () -> place));
  }

  private String place(long row) {
    return "%s element %s".formatted(file.path(), row);
  }
}
