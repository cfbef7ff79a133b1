package org.sparklora.spark.quickstart;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedWriter;
import java.io.IOException;

/** JSON lines as {@code sft} and {@code grpo} read them. */
final class Conversations {
  private static final ObjectMapper JSON = new ObjectMapper();

  private Conversations() {}

  /** One question with its answer, as {@code sft} reads them. */
  static void write(BufferedWriter out, String question, String answer) throws IOException {
    ObjectNode row = JSON.createObjectNode();
    var messages = row.putArray("messages");
    messages.addObject().put("role", "user").put("content", question);
    messages.addObject().put("role", "assistant").put("content", answer);
    line(out, row);
  }

  /** One question with its solution, as {@code grpo} reads them. */
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
