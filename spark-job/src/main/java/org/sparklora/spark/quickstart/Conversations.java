package org.sparklora.spark.quickstart;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.GZIPInputStream;

/** Reads the bundled rows of GSM8K, and writes JSON lines for {@code sft} and {@code grpo}. */
final class Conversations {
  private static final ObjectMapper JSON = new ObjectMapper();

  private Conversations() {}

  /** A problem of GSM8K and its worked answer. */
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

  /** Writes a question with its answer, for {@code sft}. */
  static void write(BufferedWriter out, String question, String answer) throws IOException {
    ObjectNode row = JSON.createObjectNode();
    var messages = row.putArray("messages");
    messages.addObject().put("role", "user").put("content", question);
    messages.addObject().put("role", "assistant").put("content", answer);
    line(out, row);
  }

  /** Writes a question with its solution, for {@code grpo}. */
  static void writeProblem(BufferedWriter out, String question, String solution)
      throws IOException {
    ObjectNode row = JSON.createObjectNode();
    row.putArray("prompt").addObject().put("role", "user").put("content", question);
    line(out, row.put("solution", solution));
  }

  private static void line(BufferedWriter out, ObjectNode row) throws IOException {
    out.write(JSON.writeValueAsString(row));
    out.write('\n');
  }
}
