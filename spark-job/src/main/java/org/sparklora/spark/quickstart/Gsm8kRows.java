package org.sparklora.spark.quickstart;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.GZIPInputStream;

/** Reads the bundled parts of GSM8K. */
final class Gsm8kRows {
  private static final ObjectMapper JSON = new ObjectMapper();

  private Gsm8kRows() {}

  /** A problem and its worked answer. */
  record Row(String question, String answer) {}

  /** All rows of a gzipped file of JSON lines. */
  static List<Row> read(Path file) throws IOException {
    try (InputStream lines = new GZIPInputStream(Files.newInputStream(file));
        MappingIterator<JsonNode> rows = JSON.readerFor(JsonNode.class).readValues(lines)) {
      return rows.readAll().stream()
          .map(row -> new Row(row.get("question").asText(), row.get("answer").asText()))
          .toList();
    }
  }
}
