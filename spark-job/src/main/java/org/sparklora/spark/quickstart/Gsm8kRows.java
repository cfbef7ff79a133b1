package org.sparklora.spark.quickstart;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
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
    List<Row> rows = new ArrayList<>();
    try (BufferedReader in =
        new BufferedReader(
            new InputStreamReader(
                new GZIPInputStream(Files.newInputStream(file)), StandardCharsets.UTF_8))) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        JsonNode row = JSON.readTree(line);
        rows.add(new Row(row.get("question").asText(), row.get("answer").asText()));
      }
    }
    return rows;
  }
}
