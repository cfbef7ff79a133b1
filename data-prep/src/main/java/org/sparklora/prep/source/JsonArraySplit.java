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
    try (InputStream in = DataStreams.open(configuration, file, 0);
        JsonParser parser = JsonRows.MAPPER.createParser(in)) {
      parser.nextToken();
      for (JsonToken token = parser.nextToken();
          token != JsonToken.END_ARRAY;
          token = parser.nextToken()) {
        String place = file.place("element", ++row);
        if (token == JsonToken.START_OBJECT) {
          Map<String, Object> values = JsonRows.ELEMENT.readValue(parser);
          JsonRows.pass(() -> values, () -> place, handler);
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
      String problem = "no JSON from here on: " + JsonRows.problem(e);
      String place = file.place("element", Math.max(row, 1));
      handler.bad(new BadRowException(Reason.UNREADABLE_FILE, problem, place, e));
    }
  }
}
