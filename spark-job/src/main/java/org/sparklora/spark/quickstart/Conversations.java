package org.sparklora.spark.quickstart;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedWriter;
import java.io.IOException;

/** Writes JSON lines for {@code sft} and {@code grpo}. */
final class Conversations {
  private static final ObjectMapper JSON = new ObjectMapper();

  private Conversations() {}

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
